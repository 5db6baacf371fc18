"""Airflow's connections as URLs and environment variables, for the package and the speech process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from mediaindex.errors import ConfigError
from mediaindex.settings import ServerSettings, StorageSettings

from . import connection_fields as fields

if TYPE_CHECKING:
    from airflow.sdk import Connection

POSTGRES = "mediaindex_postgres"
ELASTICSEARCH = "mediaindex_elasticsearch"
S3 = "mediaindex_s3"
SQS = "mediaindex_sqs"


def database_url() -> str:
    """URL of the catalog; options in the connection's extra, such as sslmode, become its query."""
    connection = _connection(POSTGRES, "postgresql://user:password@host:5432/mediaindex")
    if not connection.host:
        raise ConfigError(f"the Airflow connection {POSTGRES} has no host; add the name of the server")
    options = "&".join(f"{quote(name)}={quote(str(value))}" for name, value in connection.extra_dejson.items())
    target = f"{_login(connection)}{connection.host}:{connection.port or 5432}/{connection.schema or 'mediaindex'}"
    return f"postgresql://{target}" + (f"?{options}" if options else "")


def elasticsearch_url(connection: Connection | None = None) -> str:
    """URL of Elasticsearch, with user and password."""
    known = connection or _connection(ELASTICSEARCH, "https://user:password@host:9200")
    return fields.search_url(ELASTICSEARCH, known, _login(known))


def elasticsearch() -> dict[str, Any]:
    """Arguments of ``search.connect``: URL, API key and trusted certificates."""
    connection = _connection(ELASTICSEARCH, "https://user:password@host:9200")
    extra = fields.parsed(fields.SearchExtra, ELASTICSEARCH, connection.extra_dejson)
    if extra.api_key and connection.login:
        raise ConfigError(f"the Airflow connection {ELASTICSEARCH} has a login and an api_key; remove one of them")
    return {
        "url": elasticsearch_url(connection),
        "api_key": extra.api_key.get_secret_value() if extra.api_key else None,
        "ca_certs": extra.ca_certs,
        "verify_certs": extra.verify_certs,
    }


def s3_environment() -> dict[str, str]:
    """AWS variables of the connection. Without a login in it, the machine's role or profile is used."""
    return _aws_environment(S3, "s3")


def sqs_environment() -> dict[str, str]:
    """AWS variables of the connection to the queues that announce uploads."""
    return _aws_environment(SQS, "sqs")


def artifacts_bucket() -> str:
    """The bucket for artifacts. Raises ConfigError if it is not set."""
    return StorageSettings.need("artifacts_bucket", "Set it for the workers.")


def _aws_environment(name: str, service: str) -> dict[str, str]:
    connection = _connection(name, "aws://KEY:SECRET@/?endpoint_url=http%3A%2F%2Fhost%3A9000&region_name=us-east-1")
    fields.refuse_host(name, connection)
    extra = fields.parsed(fields.AwsExtra, name, connection.extra_dejson)
    key, secret, token = extra.credentials(connection.login, connection.password)
    variables = {
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_SESSION_TOKEN": token,
        "AWS_DEFAULT_REGION": extra.region_name,
        ServerSettings.variable(f"{service}_endpoint_url"): extra.endpoint(service),
        ServerSettings.variable(f"{service}_session"): extra.session_options(),
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
