#!/bin/bash
# Runs once, with a new volume: creates a database and its owner for Airflow, and for the catalog; and the roles to which
# the catalog's migrations grant rights. Members of mediaindex_reader may read everything (analysts), members of
# mediaindex_writer may also change rows (programs of your own).
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
psql --set=ON_ERROR_STOP=1 --username=postgres --command='create role mediaindex_reader nologin' \
    --command='create role mediaindex_writer nologin'
psql --set=ON_ERROR_STOP=1 --username=postgres --dbname=mediaindex --file=/catalog-locks.sql
psql --set=ON_ERROR_STOP=1 --username=postgres --command='revoke connect on database airflow from public'
