"""Connections to the catalog, transactions on them, and PostgreSQL's errors as ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeAlias, cast

import psycopg2
from psycopg2.extensions import connection, cursor, parse_dsn

from mediaindex.errors import ConfigError, ErrorCode, MediaindexError, TerminalError, TransientError

from .rows import scalar

# What ``connect`` opens, and what ``transaction`` gives.
Connection: TypeAlias = connection
Cursor: TypeAlias = cursor

ILLEGAL_MOVE = "MI001"  # raised by the trigger media_object_move
CONNECT_SECONDS = 10
# No statement of ours takes minutes, and none may wait behind a forgotten session for ever. Keepalives notice a dead
# server within a minute, so that a task fails and is retried instead of hanging.
_OPTIONS = "-c statement_timeout=120s -c lock_timeout=30s -c idle_in_transaction_session_timeout=300s"
_DEFAULTS: dict[str, Any] = {
    "application_name": "mediaindex",
    "connect_timeout": CONNECT_SECONDS,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,  # ms; keepalives say nothing while something sent waits for its receipt
}


@contextmanager
def connect(url: str) -> Iterator[Connection]:
    """A connection to ``postgresql://user:password@host:port/database``; commits at the end, rolls back on an error.

    Raises ConfigError for a URL that is none, TransientError naming host and database where nobody answers. What the
    URL itself sets (application_name, options, …) goes before our defaults.
    """
    settings = _settings(url)
    where = f"{settings.get('host', 'the local socket')}:{settings.get('port', 5432)}/{settings.get('dbname', '')}"
    try:
        opened = psycopg2.connect(**settings)
    except psycopg2.OperationalError as error:
        raise TransientError(
            f"PostgreSQL at {where} cannot be reached: {str(error).strip()}; check that it runs, user and password",
            code=ErrorCode.CATALOG_UNREACHABLE,
        ) from error
    try:
        with catalog_errors():
            yield opened
            opened.commit()
    finally:
        opened.close()  # closing without a commit rolls back


@contextmanager
def transaction(conn: Connection) -> Iterator[Cursor]:
    """One transaction: commits at the end, rolls back on any error, raises PostgreSQL's errors as ours."""
    with catalog_errors(), conn, conn.cursor() as opened:
        yield opened


def clock(conn: Connection) -> datetime:
    """The catalog's own time, which the ledger's history is written in."""
    with transaction(conn) as cursor:
        cursor.execute("select clock_timestamp()")
        return cast("datetime", scalar(cursor))


@contextmanager
def catalog_errors() -> Iterator[None]:
    """Raise psycopg2's errors of the block as Terminal- or TransientError."""
    try:
        yield
    except psycopg2.Error as error:
        raise _translated(error) from error


def _translated(error: psycopg2.Error) -> MediaindexError:
    if isinstance(error, psycopg2.InterfaceError) and isinstance(error.__context__, psycopg2.Error):
        error = error.__context__  # a rollback that found the connection closed; this is how it came to be
    text = str(error).strip()
    if error.pgcode == ILLEGAL_MOVE:
        return TerminalError(
            (error.diag.message_primary or text) + "; put it back into the queue first", code=ErrorCode.ILLEGAL_STATE
        )
    if isinstance(error, psycopg2.errors.UndefinedTable | psycopg2.errors.UndefinedColumn):
        return ConfigError(
            f"the catalog is not up to date: {text}; run its migrations", code=ErrorCode.CATALOG_NOT_MIGRATED
        )
    # Without a code the bare class is libpq's own, of a connection that broke; what the server says has one.
    broken = type(error) is psycopg2.DatabaseError and error.pgcode is None
    if broken or isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError):
        return TransientError(
            f"the catalog is away or busy: {' '.join(text.split())}; of this step nothing is written or all, and it is "
            "tried again",
            code=ErrorCode.CATALOG_UNAVAILABLE,
        )
    return TerminalError(f"the catalog refuses this: {text}", code=ErrorCode.CATALOG_REFUSED)


def _settings(url: str) -> dict[str, Any]:
    try:
        given: dict[str, Any] = parse_dsn(url)
    except psycopg2.ProgrammingError:
        given = {"port": "?"}
    # A URL that is none, or a password with an unquoted sign that cut it in two: any message on it would show a part.
    if not given.get("port", "5432").isdecimal() or "@" in given.get("host", "") + given.get("dbname", ""):
        raise ConfigError(
            "the catalog's address is not one: write postgresql://user:password@host:port/database, "
            "with special signs of the password percent-encoded",
            code=ErrorCode.DATABASE_URL,
        )
    return _DEFAULTS | given | {"options": f"{_OPTIONS} {given.get('options', '')}".strip()}
