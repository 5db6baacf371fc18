"""Airflow's connections as URLs and environment variables, for the package and the speech process."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from mediaindex.errors import ConfigError
from mediaindex.settings import ServerSettings, StorageSettings

if TYPE_CHECKING:
    from airflow.sdk import Connection

POSTGRES = "mediaindex_postgres"
ELASTICSEARCH = "mediaindex_elasticsearch"
S3 = "mediaindex_s3"
SQS = "mediaindex_sqs"


def database_url() -> str:
    """URL of the catalog; options in the connection's extra, such as sslmode, become its query."""
    connection = _connection(POSTGRES, "postgresql://user:password@host:5432/mediaindex")
    options = "&".join(f"{quote(name)}={quote(str(value))}" for name, value in connection.extra_dejson.items())
    target = f"{_login(connection)}{connection.host}:{connection.port or 5432}/{connection.schema or 'mediaindex'}"
    return f"postgresql://{target}" + (f"?{options}" if options else "")


def elasticsearch_url() -> str:
    """URL of Elasticsearch. Its scheme is the connection's schema or type."""
    connection = _connection(ELASTICSEARCH, "http://host:9200")
    scheme = next((word for word in (connection.schema, connection.conn_type) if word in {"http", "https"}), "http")
    return f"{scheme}://{_login(connection)}{connection.host}:{connection.port or 9200}"


def s3_environment() -> dict[str, str]:
    """AWS variables of the connection. Without a login in it, the machine's role or profile is used."""
    return _aws_environment(S3, ServerSettings.variable("s3_endpoint_url"))


def sqs_environment() -> dict[str, str]:
    """AWS variables of the connection to the queues that announce uploads."""
    return _aws_environment(SQS, ServerSettings.variable("sqs_endpoint_url"))


def artifacts_bucket() -> str:
    """The bucket for artifacts. Raises ConfigError if it is not set."""
    return StorageSettings.need("artifacts_bucket", "Set it for the workers.")


def _aws_environment(name: str, endpoint: str) -> dict[str, str]:
    connection = _connection(name, "aws://KEY:SECRET@/?endpoint_url=http%3A%2F%2Fhost%3A9000&region_name=us-east-1")
    extra = connection.extra_dejson
    variables = {
        "AWS_ACCESS_KEY_ID": connection.login,
        "AWS_SECRET_ACCESS_KEY": connection.password,
        "AWS_SESSION_TOKEN": extra.get("aws_session_token"),
        "AWS_DEFAULT_REGION": extra.get("region_name"),
        endpoint: extra.get("endpoint_url"),
    }
    return {name: str(value) for name, value in variables.items() if value}


def _connection(name: str, example: str) -> Connection:
    from airflow.sdk import Connection
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        connection: Connection = Connection.get(name)
    except AirflowNotFoundException:
        raise ConfigError(
            f"the Airflow connection {name} is missing: add it, or set AIRFLOW_CONN_{name.upper()}='{example}'"
        ) from None
    return connection


def _login(connection: Connection) -> str:
    if not connection.login:
        return ""
    password = f":{quote(connection.password, safe='')}" if connection.password else ""
    return f"{quote(connection.login, safe='')}{password}@"
