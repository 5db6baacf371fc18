"""Locks for writers to Elasticsearch: one publisher per recording, and none while rebuilt indexes take over.

They are session-level advisory locks of PostgreSQL, which releases them shortly after a process is killed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mediaindex.catalog.base.connection import Connection, transaction
from mediaindex.catalog.base.rows import scalar
from mediaindex.errors import ErrorCode, TerminalError, TransientError

# Numbers in PostgreSQL's single space of advisory locks; the second number of a recording's lock is its hash.
_CLASS = 0x6D656469 - 1
_PUBLISHING, _REBUILD, _RECORDING = (_CLASS, 1), (_CLASS, 2), 0x6D656469 - 2

TRIES = 60  # of five seconds each


@contextmanager
def publishing(conn: Connection, audio_sha256: str) -> Iterator[bool]:
    """Lock a recording for writing; False if another publisher has the lock.

    Versions would resolve two parallel writers, but a killed one cannot delete what it wrote late.
    """
    _run(conn, "select pg_advisory_lock_shared(%s, %s)", _PUBLISHING)
    try:
        locked = _run(conn, "select pg_try_advisory_lock(%s, hashtext(%s))", (_RECORDING, audio_sha256))
        try:
            yield locked
        finally:
            if locked:
                _release(conn, "select pg_advisory_unlock(%s, hashtext(%s))", (_RECORDING, audio_sha256))
    finally:
        _release(conn, "select pg_advisory_unlock_shared(%s, %s)", _PUBLISHING)


@contextmanager
def publishing_blocked(conn: Connection) -> Iterator[None]:
    """Block all publishers during the block, which must be short; new ones wait.

    Waits for running publishers, minutes at most, in short tries: new publishers would wait behind one long try.
    """
    for attempt in range(TRIES):
        try:
            with transaction(conn) as cursor:
                cursor.execute("set local lock_timeout = '5s'")
                cursor.execute("select pg_advisory_lock(%s, %s)", _PUBLISHING)
            break
        except TransientError:
            if attempt == TRIES - 1:
                raise
    try:
        yield
    finally:
        _release(conn, "select pg_advisory_unlock(%s, %s)", _PUBLISHING)


@contextmanager
def rebuilding(conn: Connection) -> Iterator[None]:
    """Lock the rebuild of the indexes. Raises TerminalError ``reindex_running`` if another rebuild is running."""
    if not _run(conn, "select pg_try_advisory_lock(%s, %s)", _REBUILD):
        raise TerminalError(
            "Another rebuild of the indexes is running; wait for it, or end it.", code=ErrorCode.REINDEX_RUNNING
        )
    try:
        yield
    finally:
        _release(conn, "select pg_advisory_unlock(%s, %s)", _REBUILD)


def _run(conn: Connection, statement: str, names: tuple[object, ...]) -> bool:
    with transaction(conn) as cursor:
        cursor.execute(statement, names)
        return bool(scalar(cursor))


def _release(conn: Connection, statement: str, names: tuple[object, ...]) -> None:
    if not conn.closed:  # a closed session has no locks
        conn.rollback()  # a failed transaction of the block would refuse the statement
        _run(conn, statement, names)
