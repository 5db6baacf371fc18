"""Where the local servers live and on which ports; every value can be set by an environment variable."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local.account import Account, reachable, service_account
from mediaindex.errors import ConfigError

ROOT = Path(__file__).resolve().parent.parent

# Away from every server's usual port, so that a PostgreSQL or Airflow of the user's own does not stand in the way.
# Below 32768: from there on Linux gives ports to outgoing connections, which were met on Elasticsearch's.
PORTS = {"postgres": 25432, "elasticsearch": 29200, "s3": 29000, "sqs": 29324, "airflow": 28080}

# A server that the user brought is named by the variable that the package itself reads.
EXTERNAL = {
    "postgres": "MEDIAINDEX_DATABASE_URL",
    "elasticsearch": "MEDIAINDEX_ELASTICSEARCH_URL",
    "s3": "MEDIAINDEX_S3_ENDPOINT_URL",
    "sqs": "MEDIAINDEX_SQS_ENDPOINT_URL",
    "airflow-database": "MEDIAINDEX_AIRFLOW_DATABASE_URL",
}

# Set by `python -m local env`: the addresses beside it are those of our own servers, not of servers the user brought.
OURS = "MEDIAINDEX_LOCAL"

MEDIA_BUCKET = "mediaindex-media"
ARTIFACTS_BUCKET = "mediaindex-artifacts"
EVENTS_QUEUE = "mediaindex-events"
DEAD_LETTER_QUEUE = "mediaindex-events-dead"


@dataclass(frozen=True)
class Settings:
    """``state`` holds logs, pids and credentials; ``data`` what the servers write; ``downloads`` what they are made of.

    ``external`` maps a server's name to the address of a server the user brought; we start none in its place.
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
    """Read the environment; raises ConfigError for a port that is none."""
    state = Path(variables.get("MEDIAINDEX_STATE") or ROOT / ".mediaindex").absolute()
    cache = Path(variables.get("MEDIAINDEX_CACHE") or Path.home() / ".cache" / "mediaindex").absolute()
    account = service_account()
    ours = variables.get(OURS) == str(state)
    return Settings(
        root=ROOT,
        state=state,
        data=_for_account(state, account, Path("/var/lib/mediaindex") / _short_hash(state)),
        downloads=_for_account(cache / "servers", account, Path("/var/cache/mediaindex")),
        ports={name: _port(variables, name, default) for name, default in PORTS.items()},
        external={} if ours else {name: variables[key] for name, key in EXTERNAL.items() if variables.get(key)},
        account=account,
        variables=variables,
    )


def _for_account(wanted: Path, account: Account | None, instead: Path) -> Path:
    """A checkout or home below /root is closed to the unprivileged account; its servers then live under /var."""
    return wanted if account is None or reachable(wanted / "folder") else instead


def _short_hash(path: Path) -> str:
    return hashlib.sha256(str(path).encode()).hexdigest()[:12]


def _port(variables: Mapping[str, str], name: str, default: int) -> int:
    variable = f"MEDIAINDEX_PORT_{name.upper()}"
    text = variables.get(variable) or str(default)
    if not (text.isascii() and text.isdecimal()) or not 1024 <= int(text) <= 65535:
        raise ConfigError(f"{variable}={text} is not a port: give a number from 1024 to 65535.")
    return int(text)
