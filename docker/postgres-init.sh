#!/bin/bash
# Runs once, with a new volume: creates a database and its owner for Airflow, and for the catalog.
set -euo pipefail

create() { # name, variable with the password
    psql --set=ON_ERROR_STOP=1 --username=postgres --set=name="$1" <<SQL
\getenv password $2
create role :"name" login password :'password';
create database :"name" owner :"name";
SQL
}

create airflow AIRFLOW_DATABASE_PASSWORD
create mediaindex MEDIAINDEX_DATABASE_PASSWORD
