"""Connections to the catalog, their transactions, and the translation of PostgreSQL's errors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeAlias, cast

import psycopg2
from psycopg2.extensions import connection, cursor, parse_dsn

from mediaindex.errors import ConfigError, ErrorCode, MediaindexError, TerminalError, TransientError

from .rows import scalar

# The types that ``connect`` and ``transaction`` yield.
Connection: TypeAlias = connection
Cursor: TypeAlias = cursor

ILLEGAL_MOVE = "MI001"  # raised by the trigger media_object_move
CONNECT_SECONDS = 10
# No statement takes minutes, and none may wait forever for a forgotten session. Keepalives detect a dead server within
# a minute, so that a task fails and is retried instead of hanging.
_OPTIONS = "-c statement_timeout=120s -c lock_timeout=30s -c idle_in_transaction_session_timeout=300s"
# The name is letters alone: a malformed URL must not show a part of its password.
_UNKNOWN_OPTION = re.compile(r'invalid URI query parameter: "([a-z_]{1,40})"')
_DEFAULTS: dict[str, Any] = {
    "application_name": "mediaindex",
    "connect_timeout": CONNECT_SECONDS,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,  # ms; keepalives do not work while sent data waits for its acknowledgement
}


@contextmanager
def connect(url: str) -> Iterator[Connection]:
    """A connection to ``postgresql://user:password@host:port/database``; commits at the end, rolls back on an error.

    Raises ConfigError if the URL is malformed, TransientError with host and database if the server cannot be reached.
    Parameters of the URL, such as application_name and options, override the defaults.
    """
    settings = _settings(url)
    where = f"{settings.get('host', 'the local socket')}:{settings.get('port', 5432)}/{settings.get('dbname', '')}"
    try:
        opened = psycopg2.connect(**settings)
    except psycopg2.OperationalError as error:
        raise TransientError(
            f"PostgreSQL at {where} cannot be reached: {str(error).strip()}; "
            "check that it runs, and the user and password",
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
    """One transaction: commits at the end, rolls back on any error. Raises PostgreSQL's errors as MediaindexErrors."""
    with catalog_errors(), conn, conn.cursor() as opened:
        yield opened


def clock(conn: Connection) -> datetime:
    """The time of the database server, which the history of the ledger uses."""
    with transaction(conn) as cursor:
        cursor.execute("select clock_timestamp()")
        return cast("datetime", scalar(cursor))


@contextmanager
def catalog_errors() -> Iterator[None]:
    """Raise psycopg2's errors as ConfigError, TerminalError or TransientError."""
    try:
        yield
    except psycopg2.Error as error:
        raise _translated(error) from error


def _translated(error: psycopg2.Error) -> MediaindexError:
    if isinstance(error, psycopg2.InterfaceError) and isinstance(error.__context__, psycopg2.Error):
        error = error.__context__  # the error that closed the connection before the rollback
    text = str(error).strip()
    if error.pgcode == ILLEGAL_MOVE:
        return TerminalError((error.diag.message_primary or text) + "; requeue it first", code=ErrorCode.ILLEGAL_STATE)
    if isinstance(error, psycopg2.errors.UndefinedTable | psycopg2.errors.UndefinedColumn):
        return ConfigError(
            f"the catalog's schema is out of date: {text}; run `mediaindex db migrate`",
            code=ErrorCode.CATALOG_NOT_MIGRATED,
        )
    # A plain DatabaseError without a code comes from libpq for a broken connection; errors of the server have a code.
    broken = type(error) is psycopg2.DatabaseError and error.pgcode is None
    if broken or isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError):
        return TransientError(
            f"the catalog is unavailable or busy: {' '.join(text.split())}; this step is written whole or not at all, "
            "and is tried again",
            code=ErrorCode.CATALOG_UNAVAILABLE,
        )
    return TerminalError(f"the catalog refused a statement: {text}", code=ErrorCode.CATALOG_REFUSED)


def _settings(url: str) -> dict[str, Any]:
    try:
        parsed: dict[str, Any] = parse_dsn(url)
    except psycopg2.ProgrammingError as error:
        if option := _UNKNOWN_OPTION.search(str(error)):
            raise ConfigError(
                f"the catalog's URL, or the extra of the connection mediaindex_postgres, has an unknown option "
                f"{option[1]!r}; write only options of libpq, such as sslmode",
                code=ErrorCode.DATABASE_URL,
            ) from None
        parsed = {"port": "?"}
    # A malformed URL, or a password with an unquoted character that splits it: the message must not show any part.
    if not parsed.get("port", "5432").isdecimal() or "@" in parsed.get("host", "") + parsed.get("dbname", ""):
        raise ConfigError(
            "the catalog's URL is malformed: write postgresql://user:password@host:port/database, "
            "with special characters of the password percent-encoded",
            code=ErrorCode.DATABASE_URL,
        )
    return _DEFAULTS | parsed | {"options": f"{_OPTIONS} {parsed.get('options', '')}".strip()}
