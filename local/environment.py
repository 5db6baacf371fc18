"""The environment variables of all processes: addresses, credentials, Airflow's settings of this machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from local.credentials import Credentials
from local.settings import ARTIFACTS_BUCKET, EVENTS_QUEUE, MEDIA_BUCKET, LocalSettings, Settings

HOST = "127.0.0.1"
REGION = "us-east-1"
# Owner of each database; the superuser is used only by local/postgres.py.
CATALOG, AIRFLOW = "mediaindex", "airflow"
QUEUE_ACCOUNT = "000000000000"  # ElasticMQ's account, a part of queue URLs
# Only these are inherited: a variable of another project, such as AIRFLOW_HOME or AWS_ACCESS_KEY_ID, must not be.
MAY_SET = (
    "MEDIAINDEX_SPEECH_PYTHON",
    "MEDIAINDEX_MODELS",
    "MEDIAINDEX_CONFIG",
    "MEDIAINDEX_CACHE",
    "MEDIAINDEX_MEDIA_BUCKET",
    "MEDIAINDEX_ARTIFACTS_BUCKET",
    "MEDIAINDEX_EVENT_QUEUES",
)


def environment(settings: Settings, credentials: Credentials) -> dict[str, str]:
    """The variables for the package, the command line and Airflow. They replace inherited ones, except MAY_SET."""
    values = _services(settings, credentials) | _connections(settings, credentials) | _airflow(settings, credentials)
    values["MEDIAINDEX_CONFIG"] = str(settings.root / "local" / "sources.yaml")
    values["MEDIAINDEX_SPEECH_PYTHON"] = str(settings.root / ".venv-speech" / "bin" / "python")
    models = models_beside(settings)
    if models.is_dir():
        values["MEDIAINDEX_MODELS"] = str(models)
    values[LocalSettings.variable("local")] = str(settings.state)
    chosen = {name: settings.variables[name] for name in MAY_SET if settings.variables.get(name)}
    return values | chosen


def models_beside(settings: Settings) -> Path:
    """The folder of weights that is used if it exists and MEDIAINDEX_MODELS names no other."""
    return settings.root.parent / "shared" / "models"


def database_url(settings: Settings, credentials: Credentials, database: str) -> str:
    """URL of a database in the local PostgreSQL, as its owner, who has the database's name."""
    password = credentials.airflow_database_password if database == AIRFLOW else credentials.postgres_password
    return postgres_url(settings, database, database, password)


def postgres_url(settings: Settings, user: str, database: str, password: str) -> str:
    """URL of a database in the local PostgreSQL."""
    return f"postgresql://{user}:{quote(password, safe='')}@{HOST}:{settings.ports['postgres']}/{database}"


def _services(settings: Settings, credentials: Credentials) -> dict[str, str]:
    external, ports = settings.external, settings.ports
    values = {
        "MEDIAINDEX_DATABASE_URL": external.get("postgres") or database_url(settings, credentials, "mediaindex"),
        "MEDIAINDEX_ELASTICSEARCH_URL": external.get("elasticsearch") or f"http://{HOST}:{ports['elasticsearch']}",
        "MEDIAINDEX_S3_ENDPOINT_URL": external.get("s3") or f"http://{HOST}:{ports['s3']}",
        "MEDIAINDEX_SQS_ENDPOINT_URL": external.get("sqs") or f"http://{HOST}:{ports['sqs']}",
        "MEDIAINDEX_MEDIA_BUCKET": MEDIA_BUCKET,
        "MEDIAINDEX_ARTIFACTS_BUCKET": ARTIFACTS_BUCKET,
    }
    if "sqs" not in external:
        values["MEDIAINDEX_EVENT_QUEUES"] = f"{values['MEDIAINDEX_SQS_ENDPOINT_URL']}/{QUEUE_ACCOUNT}/{EVENTS_QUEUE}"
    if "s3" not in external:
        values["AWS_ACCESS_KEY_ID"] = credentials.s3_access_key
        values["AWS_SECRET_ACCESS_KEY"] = credentials.s3_secret_key
        values["AWS_DEFAULT_REGION"] = REGION
    return values


def _connections(settings: Settings, credentials: Credentials) -> dict[str, str]:
    services = _services(settings, credentials)
    return {
        "AIRFLOW_CONN_MEDIAINDEX_POSTGRES": services["MEDIAINDEX_DATABASE_URL"],
        "AIRFLOW_CONN_MEDIAINDEX_ELASTICSEARCH": json.dumps(_http(services["MEDIAINDEX_ELASTICSEARCH_URL"])),
        "AIRFLOW_CONN_MEDIAINDEX_S3": _aws("s3", services, settings, credentials),
        "AIRFLOW_CONN_MEDIAINDEX_SQS": _aws("sqs", services, settings, credentials),
    }


def _aws(name: str, services: dict[str, str], settings: Settings, credentials: Credentials) -> str:
    """An AWS connection: generated keys for a local server, the user's keys for the user's server.

    ElasticMQ does not check keys, but clients need some.
    """
    is_external, variables = name in settings.external, settings.variables
    endpoint = services[f"MEDIAINDEX_{name.upper()}_ENDPOINT_URL"]
    connection = {
        "conn_type": "aws",
        "login": variables.get("AWS_ACCESS_KEY_ID") if is_external else credentials.s3_access_key,
        "password": variables.get("AWS_SECRET_ACCESS_KEY") if is_external else credentials.s3_secret_key,
        "extra": {"endpoint_url": endpoint, "region_name": REGION},
    }
    return json.dumps(connection)


def _http(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    connection = {"conn_type": "elasticsearch", "host": parts.hostname, "port": port, "schema": parts.scheme}
    return connection | {"login": parts.username, "password": parts.password}


def _airflow(settings: Settings, credentials: Credentials) -> dict[str, str]:
    """Airflow's settings that depend on this machine; all others are in airflow.cfg with their reasons."""
    home, port = settings.state / "airflow", settings.ports["airflow"]
    metadata = settings.external.get("airflow-database") or database_url(settings, credentials, "airflow")
    return {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW_CONFIG": str(settings.root / "airflow.cfg"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(settings.root / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(settings.root / "plugins"),
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": metadata.replace("postgresql://", "postgresql+psycopg2://"),
        "AIRFLOW__API__HOST": HOST,
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": f"http://{HOST}:{port}",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://{HOST}:{port}/execution/",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / "passwords.json"),
        "AIRFLOW__CORE__FERNET_KEY": credentials.airflow_fernet_key,
        "AIRFLOW__API__SECRET_KEY": credentials.airflow_secret_key,
        "AIRFLOW__API_AUTH__JWT_SECRET": credentials.airflow_jwt_secret,
    }
