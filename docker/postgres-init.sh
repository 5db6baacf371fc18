#!/bin/bash
# Runs once, when the volume is new: a database and an owner each for Airflow and for the catalog.
set -euo pipefail

create() { # name, variable that holds the password
    psql --set=ON_ERROR_STOP=1 --username=postgres --set=name="$1" <<SQL
\getenv password $2
create role :"name" login password :'password';
create database :"name" owner :"name";
SQL
}

create airflow AIRFLOW_DATABASE_PASSWORD
create mediaindex MEDIAINDEX_DATABASE_PASSWORD
