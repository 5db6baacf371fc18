"""Operators, connections and task functions. The only package, besides the DAG files, that imports airflow."""
