"""Connections to the servers that the environment names, for one command."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mediaindex.settings import ServerSettings, StorageSettings

if TYPE_CHECKING:
    from mediaindex.upkeep.stores import Stores

LOCAL = 'For the servers of `make up`: eval "$(.venv-airflow/bin/python -m local env)"'


@contextmanager
def catalog(command: str) -> Iterator[Any]:
    """A connection to the catalog; the ledger records the command and its user. Raises ConfigError if no URL is set."""
    from mediaindex.catalog.base.connection import connect
    from mediaindex.catalog.ledger.lines import act_as

    with connect(ServerSettings.need("database_url", LOCAL)) as conn:
        act_as(conn, f"mediaindex {command}, {getpass.getuser()}")
        yield conn


@contextmanager
def all_stores(command: str) -> Iterator[Stores]:
    """Catalog, Elasticsearch and S3. Raises ConfigError if the address of one is not set."""
    from mediaindex.search import from_environment
    from mediaindex.storage.client import s3_client
    from mediaindex.upkeep.stores import Stores

    artifacts = StorageSettings.need("artifacts_bucket", LOCAL)
    search = from_environment()
    with catalog(command) as conn:
        yield Stores(conn, search, s3_client(), artifacts)
