"""Who may write to Elasticsearch now: one publisher a recording, and none while a rebuilt index takes over.

PostgreSQL's advisory locks, held by the session: a killed process lets go as soon as PostgreSQL notices, moments later.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mediaindex.catalog.base.connection import Connection, transaction
from mediaindex.catalog.base.rows import scalar
from mediaindex.errors import ErrorCode, TerminalError, TransientError

# Numbers of ours in PostgreSQL's one space of advisory locks; the second number of a recording's lock is its hash.
_ROOM = 0x6D656469 - 1
_GATE, _REBUILD, _RECORDING = (_ROOM, 1), (_ROOM, 2), 0x6D656469 - 2

TRIES = 60  # of five seconds


@contextmanager
def publishing(conn: Connection, audio_sha256: str) -> Iterator[bool]:
    """Whether this recording is ours to write; False where another publisher is at it.

    Two at once would be sorted out by versions, but a killed one cannot clear away what it wrote too late.
    """
    _run(conn, "select pg_advisory_lock_shared(%s, %s)", _GATE)
    try:
        ours = _run(conn, "select pg_try_advisory_lock(%s, hashtext(%s))", (_RECORDING, audio_sha256))
        try:
            yield ours
        finally:
            if ours:
                _release(conn, "select pg_advisory_unlock(%s, hashtext(%s))", (_RECORDING, audio_sha256))
    finally:
        _release(conn, "select pg_advisory_unlock_shared(%s, %s)", _GATE)


@contextmanager
def nobody_publishing(conn: Connection) -> Iterator[None]:
    """No publisher writes during the block; those that come meanwhile wait. Keep it short.

    Waits for those at work, minutes at most. Not in one go: whoever comes after us would wait behind us as long.
    """
    for attempt in range(TRIES):
        try:
            with transaction(conn) as cursor:
                cursor.execute("set local lock_timeout = '5s'")
                cursor.execute("select pg_advisory_lock(%s, %s)", _GATE)
            break
        except TransientError:
            if attempt == TRIES - 1:
                raise
    try:
        yield
    finally:
        _release(conn, "select pg_advisory_unlock(%s, %s)", _GATE)


@contextmanager
def rebuilding(conn: Connection) -> Iterator[None]:
    """One rebuild at a time; TerminalError ``reindex_running`` where another is at work."""
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
    if not conn.closed:  # a session that is lost has lost its locks
        conn.rollback()  # whatever went wrong inside, its transaction must not stand in the way
        _run(conn, statement, names)
