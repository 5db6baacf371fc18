"""Throw-away databases on the real PostgreSQL."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import psycopg2
from psycopg2 import sql

from mediaindex.catalog.base.connection import connect
from mediaindex.catalog.base.migrate import migrate


def throwaway_database(server_url: str, what: str = "catalog") -> Iterator[str]:
    """Yields the address of a new, empty database on that server; drops it when asked for more."""
    name = f"mediaindex_test_{what}_{uuid.uuid4().hex[:12]}"
    _administer(server_url, sql.SQL("create database {}").format(sql.Identifier(name)))
    yield urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))
    # Not by the same connection: some tests kill the server in between. `with (force)` fails for an owner who is not a
    # superuser while the server vacuums the database; without it, the server ends its own vacuum.
    end = "select pg_terminate_backend(pid, 60000) from pg_stat_activity where datname = {} and usename = current_user"
    _administer(server_url, sql.SQL(end).format(sql.Literal(name)))
    _administer(server_url, sql.SQL("drop database if exists {}").format(sql.Identifier(name)))


def migrated_database(server_url: str, what: str = "catalog") -> Iterator[str]:
    """The same with the catalog's tables."""
    for url in throwaway_database(server_url, what):
        with connect(url) as conn:
            migrate(conn)
        yield url


def _administer(server_url: str, statement: sql.Composed) -> None:
    admin = psycopg2.connect(server_url)
    admin.autocommit = True
    try:
        with admin.cursor() as cursor:
            cursor.execute(statement)
    finally:
        admin.close()
