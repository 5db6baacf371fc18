"""The ledger: every object once, its state and its history.

PostgreSQL refuses a transition that ``media_transition`` does not list, and writes each transition to the history.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TypeAlias

from psycopg2.extras import execute_values

from mediaindex.catalog.base import storable
from mediaindex.catalog.base.connection import Connection, Cursor, transaction
from mediaindex.catalog.base.rows import rows_as
from mediaindex.catalog.base.sql_files import query
from mediaindex.contract.states import Lane, ObjectState, StateReason
from mediaindex.errors import ErrorCode, FailureClass, TerminalError
from mediaindex.storage.objects import ObjectVersion

from .departures import depart

__all__ = [
    "MediaObject", "ObjectEvent", "ObjectVersion", "claim", "find", "history", "move", "requeue", "see", "set_state",
]  # fmt: skip

Code: TypeAlias = ErrorCode | StateReason  # the reason of a state
PAGE = 1_000  # objects claimed in one statement and one transaction


@dataclass(frozen=True, slots=True)
class MediaObject:
    """One row of the ledger."""

    id: int
    source: str
    bucket: str
    key: str
    etag: str
    version_id: str | None
    size: int
    state: ObjectState
    reason_code: str | None
    reason: str | None
    audio_sha256: str | None
    reason_class: FailureClass | None = None
    attempts: int = 0
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class ObjectEvent:
    """One transition of one object; ``from_state`` is None for the first. ``batch_id``: the batch that it was in."""

    at: datetime
    from_state: ObjectState | None
    to_state: ObjectState
    code: str | None
    reason: str | None
    stage: str | None
    actor: str
    reason_class: FailureClass | None = None
    batch_id: int | None = None
    attempts: int = 0


def claim(
    conn: Connection, source: str, objects: Iterable[ObjectVersion], lane: Lane | None = None
) -> list[MediaObject]:
    """Claim objects that are new, ``seen`` or ``gone``; the claimed ones.

    An object is identified by bucket, key and ETag, which listings and events give alike, with or without a version id.
    One transaction per 1,000 objects, so that an interrupted listing keeps its progress. ``batches.plan`` plans them
    later, in this ``lane``; None: in the lane of the planner.
    """
    claimed: list[MediaObject] = []
    for rows in _pages(objects):
        with transaction(conn) as cursor:
            cursor.execute("insert into source (name) values (%s) on conflict do nothing", (source,))
            named = [(source, *row, lane) for row in rows]
            # Two statements, because an upsert would lock and rewrite every existing row of a listing.
            for text in (query("claim"), query("reclaim")):
                new = execute_values(cursor, text, named, page_size=PAGE, fetch=True)
                claimed += rows_as(cursor, MediaObject, new)
    return claimed


def see(conn: Connection, source: str, objects: Iterable[ObjectVersion]) -> int:
    """Add objects that must not be claimed yet (still growing, or in an archive); how many were new.

    ``claim`` claims them later.
    """
    new = 0
    for rows in _pages(objects):
        with transaction(conn) as cursor:
            cursor.execute("insert into source (name) values (%s) on conflict do nothing", (source,))
            seen = [(source, *row, ObjectState.SEEN) for row in rows]
            new += len(execute_values(cursor, query("see"), seen, page_size=PAGE, fetch=True))
    return new


def set_state(
    conn: Connection,
    media_object_id: int,
    state: ObjectState,
    *,
    code: Code | None = None,
    reason: str | None = None,
    stage: str | None = None,
    reason_class: FailureClass | None = None,
) -> None:
    """Change the state of an object; the same state is no transition. Raises TerminalError ``illegal_state``.

    ``reason_class`` of a quarantine is terminal by default. If an object is ``gone``, another object with the same
    audio replaces it in its recording, or the recording is withdrawn.
    """
    with transaction(conn) as cursor:
        move(cursor, media_object_id, state, code=code, reason=reason, stage=stage, reason_class=reason_class)


def move(
    cursor: Cursor,
    media_object_id: int,
    state: ObjectState,
    *,
    code: Code | None = None,
    reason: str | None = None,
    stage: str | None = None,
    reason_class: FailureClass | None = None,
) -> None:
    """``set_state`` in the caller's transaction."""
    kind = (reason_class or FailureClass.TERMINAL) if state == ObjectState.QUARANTINED else reason_class
    cursor.execute(
        "update media_object set state = %s, reason_code = %s, reason = %s, reason_stage = %s, reason_class = %s "
        "where id = %s",
        (state, code, storable.message(reason), stage, kind, media_object_id),
    )
    _must_exist(cursor, media_object_id)
    if state == ObjectState.GONE:
        depart(cursor, media_object_id)


def requeue(
    conn: Connection,
    media_object_id: int,
    *,
    in_progress: bool = False,
    code: Code | None = None,
    reason: str | None = None,
) -> None:
    """Move the object back to ``claimed`` and out of its batch, so that it is planned again. Its history stays.

    Raises TerminalError ``in_progress`` if its batch is in progress, unless the caller knows that the run is dead and
    sets ``in_progress``; if the run still lives, it no longer finds the object among its items.
    """
    wanted = {"id": media_object_id, "in_progress": in_progress, "code": code, "reason": storable.message(reason)}
    with transaction(conn) as cursor:
        cursor.execute(query("requeue"), wanted)
        if cursor.rowcount:
            return
        cursor.execute("select state from media_object where id = %s", (media_object_id,))
        _must_exist(cursor, media_object_id)
        raise TerminalError(
            f"media object {media_object_id}: its batch is in progress; wait for it, or, if its run "
            f"is dead, use `mediaindex ledger requeue {media_object_id} --in-progress --yes`",
            code=ErrorCode.IN_PROGRESS,
        )


def history(conn: Connection, media_object_id: int) -> list[ObjectEvent]:
    """Every transition of the object, oldest first."""
    with transaction(conn) as cursor:
        cursor.execute(
            "select at, from_state, to_state, reason_code as code, reason, stage, actor, reason_class, batch_id, "
            "attempts from media_object_event where media_object_id = %s order by id",
            (media_object_id,),
        )
        return rows_as(cursor, ObjectEvent)


def find(
    conn: Connection,
    *,
    ids: Sequence[int] | None = None,
    source: str | None = None,
    states: Sequence[ObjectState] | None = None,
    bucket: str | None = None,
    key: str | None = None,
    key_prefix: str | None = None,
    audio_sha256: str | None = None,
    batch_id: int | None = None,
    after_id: int = 0,
    limit: int = 1_000,
) -> list[MediaObject]:
    """Objects that match all given conditions, by id; pass the last id as ``after_id`` for the next page."""
    wanted = {
        "ids": None if ids is None else list(ids),
        "source": source,
        "states": None if states is None else list(states),
        "bucket": bucket,
        "key": key,
        "key_prefix": key_prefix,
        "audio_sha256": audio_sha256,
        "batch_id": batch_id,
        "after_id": after_id,
        "limit": limit,
    }
    with transaction(conn) as cursor:
        cursor.execute(query("find_objects"), wanted)
        return rows_as(cursor, MediaObject)


def _pages(objects: Iterable[ObjectVersion]) -> Iterator[list[tuple[object, ...]]]:
    """Rows of at most 1,000 objects, each once: a page may have several announcements of the same object.

    Sorted, because two processes that claim the same rows would otherwise deadlock.
    """
    remaining = iter(objects)
    while page := list(islice(remaining, PAGE)):
        unique = {(listed.bucket, listed.key, listed.etag): listed for listed in page}
        yield [
            (listed.bucket, listed.key, listed.etag, listed.version_id, listed.size, listed.last_modified)
            for _, listed in sorted(unique.items())
        ]


def _must_exist(cursor: Cursor, media_object_id: int) -> None:
    if cursor.rowcount == 0:
        raise TerminalError(f"media object {media_object_id}: not in the ledger", code=ErrorCode.UNKNOWN_OBJECT)
