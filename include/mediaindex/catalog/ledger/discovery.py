"""The ledger as discovery needs it: what of a page is new, what waits, what a key stood for, how far a listing came.

Everything here takes a page at a time and may be repeated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg2.extras import execute_values

from mediaindex.catalog.base import storable
from mediaindex.catalog.base.connection import Connection, transaction
from mediaindex.catalog.base.rows import column, row_as, rows_as
from mediaindex.catalog.base.sql_files import query
from mediaindex.contract.states import ObjectState, SeenBy, StateReason
from mediaindex.storage.objects import ObjectVersion

from .ledger import set_state

PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Waiting:
    """An object that was seen ``waited_s`` ago and not claimed, and why."""

    id: int
    bucket: str
    key: str
    etag: str
    size: int
    code: str | None
    waited_s: float


@dataclass(frozen=True, slots=True)
class Pause:
    """Why an object is not claimed yet, and in how many seconds it is worth another look."""

    code: StateReason
    reason: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a prefix was listed: everything up to ``watermark``, and all of it at ``whole_at``."""

    watermark: str | None = None
    whole_at: datetime | None = None


def identities(page: Sequence[ObjectVersion]) -> dict[str, list[Any]]:
    """What the ledger knows objects by, as columns for ``unnest``; ``numbers``: their places in the page."""
    return {
        "numbers": list(range(len(page))),
        "buckets": [one.bucket for one in page],
        "keys": [one.key for one in page],
        "etags": [one.etag for one in page],
    }


def unknown(conn: Connection, page: Sequence[ObjectVersion]) -> list[ObjectVersion]:
    """Those of the page that the ledger does not have, or has as gone."""
    with transaction(conn) as cursor:
        cursor.execute(query("known_objects"), identities(page))
        known = set(column(cursor))
    return [one for number, one in enumerate(page) if number not in known]


def note(
    conn: Connection, source: str, objects: Sequence[tuple[ObjectVersion, Mapping[str, str]]], seen_by: SeenBy
) -> None:
    """Write objects, with what their keys tell, into the ledger as seen; those it has already stay as they are."""
    # In one order everywhere: two that note the same objects would otherwise wait for each other.
    rows = {
        (one.bucket, one.key, one.etag): (
            source, one.bucket, one.key, one.etag, one.version_id, one.size, one.last_modified,
            storable.document(dict(told)), seen_by, ObjectState.SEEN,
        )
        for one, told in objects
    }  # fmt: skip
    with transaction(conn) as cursor:
        cursor.execute("insert into source (name) values (%s) on conflict do nothing", (source,))
        execute_values(cursor, query("note_objects"), [rows[name] for name in sorted(rows)], page_size=PAGE)


def let_wait(conn: Connection, pauses: Sequence[tuple[ObjectVersion, Pause]]) -> None:
    """Say why seen objects are not claimed yet."""
    rows = {
        (one.bucket, one.key, one.etag): (
            one.bucket, one.key, one.etag, one.size, one.last_modified, why.code, storable.message(why.reason),
            why.seconds,
        )
        for one, why in pauses
    }  # fmt: skip
    with transaction(conn) as cursor:
        execute_values(cursor, query("let_wait"), [rows[name] for name in sorted(rows)], page_size=PAGE)


def waiting(conn: Connection, source: str) -> Iterator[list[Waiting]]:
    """Pages of the source's objects that were seen and may be looked at again now."""
    after = 0
    while True:
        with transaction(conn) as cursor:
            cursor.execute(query("waiting_objects"), {"source": source, "after_id": after, "limit": PAGE})
            page = rows_as(cursor, Waiting)
        if not page:
            return
        after = page[-1].id
        yield page


def is_waiting(conn: Connection, source: str) -> bool:
    """Whether an object of the source may be looked at again now."""
    return next(waiting(conn, source), None) is not None


def leave(conn: Connection, bucket: str, key: str) -> list[int]:
    """Nothing lies under the key any more: every version that the ledger took for present is gone; their ids."""
    with transaction(conn) as cursor:
        cursor.execute(
            "select id from media_object where bucket = %s and key = %s and state <> 'gone' order by id", (bucket, key)
        )
        ids = column(cursor)
    for id_ in ids:
        set_state(
            conn, id_, ObjectState.GONE, code=StateReason.REMOVED, reason="the object was removed from the bucket"
        )
    return ids


def progress(conn: Connection, source: str, prefix: str) -> Progress:
    """How far the prefix was listed."""
    with transaction(conn) as cursor:
        cursor.execute("select watermark, whole_at from listing where source = %s and prefix = %s", (source, prefix))
        return row_as(cursor, Progress) or Progress()


def advance(conn: Connection, source: str, prefix: str, reached: Progress) -> None:
    """Remember how far it was listed; what ``reached`` leaves out stays as it was."""
    with transaction(conn) as cursor:
        cursor.execute("insert into source (name) values (%s) on conflict do nothing", (source,))
        cursor.execute(
            "insert into listing (source, prefix, watermark, whole_at) values (%s, %s, %s, %s) "
            "on conflict (source, prefix) do update set listed_at = clock_timestamp(), "
            "watermark = coalesce(excluded.watermark, listing.watermark), "
            "whole_at = coalesce(excluded.whole_at, listing.whole_at)",
            (source, prefix, reached.watermark, reached.whole_at),
        )
