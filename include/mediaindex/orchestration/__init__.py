"""Operators, connections and task functions. The only package, besides the DAG files, that imports airflow."""

from .versions import require_airflow

require_airflow()  # before a module imports what another version of Airflow does not have
