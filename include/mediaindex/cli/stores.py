"""The servers that the environment names, opened for one command."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mediaindex.errors import ConfigError

if TYPE_CHECKING:
    from mediaindex.upkeep.stores import Stores

DATABASE, ARTIFACTS = "MEDIAINDEX_DATABASE_URL", "MEDIAINDEX_ARTIFACTS_BUCKET"


@contextmanager
def catalog(command: str) -> Iterator[Any]:
    """A connection to the catalog in the name of the person at the keyboard; ConfigError where none is named."""
    from mediaindex.catalog.base.connection import connect
    from mediaindex.catalog.ledger.lines import act_as

    with connect(_named(DATABASE, "the catalog's address, postgresql://user:password@host/mediaindex")) as conn:
        act_as(conn, f"mediaindex {command}, {getpass.getuser()}")
        yield conn


@contextmanager
def all_stores(command: str) -> Iterator[Stores]:
    """Catalog, Elasticsearch and S3; ConfigError where one is not named."""
    from mediaindex.search import from_environment
    from mediaindex.storage.client import s3_client
    from mediaindex.upkeep.stores import Stores

    artifacts = _named(ARTIFACTS, "the bucket for artifacts")
    search = from_environment()
    with catalog(command) as conn:
        yield Stores(conn, search, s3_client(), artifacts)


def _named(variable: str, what: str) -> str:
    if value := os.environ.get(variable):
        return value
    raise ConfigError(
        f'{variable} is not set: {what}; for the servers of `make up`: eval "$(.venv-airflow/bin/python -m local env)"'
    )
