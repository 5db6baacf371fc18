"""Airflow: operators, connections, what each task does. The only room that imports airflow (DAG files aside)."""
