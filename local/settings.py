"""Folders and ports of the local servers; each can be set by an environment variable."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr

from local.account import Account, reachable, service_account
from mediaindex.settings import FilePath, Group, ModelSettings, ServerSettings, described

ROOT = Path(__file__).resolve().parent.parent

MEDIA_BUCKET = "mediaindex-media"
ARTIFACTS_BUCKET = "mediaindex-artifacts"
EVENTS_QUEUE = "mediaindex-events"
DEAD_LETTER_QUEUE = "mediaindex-events-dead"


Port = Annotated[int, Field(ge=1024, le=65535)]
READ_BY = "`make up`, `make demo`, tests"


class LocalSettings(Group):
    """Local servers

    The ports lie away from every server's usual port, so that a PostgreSQL or Airflow of your own is not in the way,
    and below 32768, because Linux gives higher ports to outgoing connections.
    """

    state: FilePath | None = described(
        None,
        "Folder for logs, process ids and generated credentials; by default `.mediaindex` in the checkout.",
        read_by=READ_BY,
    )
    port_postgres: Port = described(25432, "Port of PostgreSQL on the loopback address.", read_by=READ_BY)
    port_elasticsearch: Port = described(29200, "Port of Elasticsearch.", read_by=READ_BY)
    port_s3: Port = described(29000, "Port of the S3 server.", read_by=READ_BY)
    port_sqs: Port = described(29324, "Port of the SQS server.", read_by=READ_BY)
    port_airflow: Port = described(28080, "Port of Airflow's web interface.", read_by=READ_BY)
    airflow_database_url: SecretStr | None = described(
        None,
        "A PostgreSQL database of your own for Airflow's metadata, instead of the local one.",
        read_by=READ_BY,
        examples=["postgresql://user:password@host:5432/airflow"],
    )
    local: FilePath | None = described(
        None,
        "Set by `python -m local env` to the state folder: the addresses beside it are those of the local servers.",
        read_by=READ_BY,
    )


@dataclass(frozen=True)
class Settings:
    """``state``: logs, pids and credentials; ``data``: files that servers write; ``downloads``: their programs.

    ``external``: addresses of the user's own servers, by name; they replace local servers.
    """

    root: Path
    state: Path
    data: Path
    downloads: Path
    ports: Mapping[str, int]
    external: Mapping[str, str]
    account: Account | None
    variables: Mapping[str, str]


def load(variables: Mapping[str, str] = os.environ) -> Settings:
    """Read the environment. Raises ConfigError if a value is invalid."""
    given = LocalSettings.read(variables)
    state = (given.state or ROOT / ".mediaindex").absolute()
    cache = ModelSettings.read(variables).cache.absolute()
    account = service_account()
    return Settings(
        root=ROOT,
        state=state,
        data=_for_account(state, account, Path("/var/lib/mediaindex") / _short_hash(state)),
        downloads=_for_account(cache / "servers", account, Path("/var/cache/mediaindex")),
        ports={
            "postgres": given.port_postgres,
            "elasticsearch": given.port_elasticsearch,
            "s3": given.port_s3,
            "sqs": given.port_sqs,
            "airflow": given.port_airflow,
        },
        external={} if given.local == state else _external(given, ServerSettings.read(variables)),
        account=account,
        variables=variables,
    )


def _external(given: LocalSettings, servers: ServerSettings) -> dict[str, str]:
    """Addresses of the user's own servers, from the variables that the package reads."""
    secrets = {
        "postgres": servers.database_url,
        "elasticsearch": servers.elasticsearch_url,
        "airflow-database": given.airflow_database_url,
    }
    addresses = {"s3": servers.s3_endpoint_url, "sqs": servers.sqs_endpoint_url}
    addresses |= {name: secret.get_secret_value() for name, secret in secrets.items() if secret}
    return {name: address for name, address in addresses.items() if address}


def _for_account(wanted: Path, account: Account | None, instead: Path) -> Path:
    """``wanted``, or ``instead`` if the unprivileged account cannot reach it, as below /root."""
    return wanted if account is None or reachable(wanted / "folder") else instead


def _short_hash(path: Path) -> str:
    return hashlib.sha256(str(path).encode()).hexdigest()[:12]
