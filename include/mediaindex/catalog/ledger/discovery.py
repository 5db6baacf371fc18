"""Ledger functions for discovery: new objects of a page, waiting objects, removed keys, and the progress of listings.

All functions work page by page and may be repeated.
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
    """An object that was seen ``waited_s`` seconds ago and is not claimed; ``code``: why."""

    id: int
    bucket: str
    key: str
    etag: str
    size: int
    last_modified: datetime
    code: str | None
    waited_s: float


@dataclass(frozen=True, slots=True)
class Pause:
    """Why an object is not claimed yet, and in how many seconds to check it again."""

    code: StateReason
    reason: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a prefix was listed: up to the key ``watermark``, and completely at ``whole_at``."""

    watermark: str | None = None
    whole_at: datetime | None = None


def identities(page: Sequence[ObjectVersion]) -> dict[str, list[Any]]:
    """The identities of the objects as columns for ``unnest``; ``numbers``: their positions in the page."""
    return {
        "numbers": list(range(len(page))),
        "buckets": [listed.bucket for listed in page],
        "keys": [listed.key for listed in page],
        "etags": [listed.etag for listed in page],
    }


def unknown(conn: Connection, page: Sequence[ObjectVersion]) -> list[ObjectVersion]:
    """The objects of the page that are not in the ledger or are ``gone``."""
    known = _known(conn, page)
    return [listed for number, listed in enumerate(page) if number not in known]


def renewed(conn: Connection, page: Sequence[ObjectVersion]) -> list[ObjectVersion]:
    """``unknown``; known objects that were written again with the same content get their new date.

    Retention counts from the date of the object, so the ledger must not keep that of the first upload.
    """
    known = _known(conn, page)
    if again := [page[number] for number, is_again in known.items() if is_again]:
        versions, dates = [listed.version_id for listed in again], [listed.last_modified for listed in again]
        with transaction(conn) as cursor:
            cursor.execute(query("renew_objects"), identities(again) | {"versions": versions, "dates": dates})
    return [listed for number, listed in enumerate(page) if number not in known]


def _known(conn: Connection, page: Sequence[ObjectVersion]) -> dict[int, bool]:
    """By position in the page, the objects in the ledger, and whether they were written again."""
    with transaction(conn) as cursor:
        dates = [listed.last_modified for listed in page]
        cursor.execute(query("known_objects"), identities(page) | {"dates": dates})
        return dict(cursor.fetchall())


def note(
    conn: Connection, source: str, objects: Sequence[tuple[ObjectVersion, Mapping[str, str]]], seen_by: SeenBy
) -> None:
    """Add objects with the metadata of their keys to the ledger as ``seen``; existing ones do not change."""
    # Sorted, because two processes that add the same objects would otherwise deadlock.
    rows = {
        (listed.bucket, listed.key, listed.etag): (
            source, listed.bucket, listed.key, listed.etag, listed.version_id, listed.size, listed.last_modified,
            storable.document(dict(metadata)), seen_by, ObjectState.SEEN,
        )
        for listed, metadata in objects
    }  # fmt: skip
    with transaction(conn) as cursor:
        cursor.execute("insert into source (name) values (%s) on conflict do nothing", (source,))
        execute_values(cursor, query("note_objects"), [rows[name] for name in sorted(rows)], page_size=PAGE)


def let_wait(conn: Connection, pauses: Sequence[tuple[ObjectVersion, Pause]]) -> None:
    """Record why seen objects are not claimed yet."""
    rows = {
        (listed.bucket, listed.key, listed.etag): (
            listed.bucket, listed.key, listed.etag, listed.size, listed.last_modified, pause.code,
            storable.message(pause.reason), pause.seconds,
        )
        for listed, pause in pauses
    }  # fmt: skip
    with transaction(conn) as cursor:
        execute_values(cursor, query("let_wait"), [rows[name] for name in sorted(rows)], page_size=PAGE)


def waiting(conn: Connection, source: str) -> Iterator[list[Waiting]]:
    """Pages of the source's seen objects that may be checked again now."""
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
    """Whether an object of the source may be checked again now."""
    return next(waiting(conn, source), None) is not None


def leave(conn: Connection, bucket: str, key: str) -> list[int]:
    """Move every version under a deleted key to ``gone``; their ids."""
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
    """Record how far the prefix was listed; fields of ``reached`` that are None do not change."""
    with transaction(conn) as cursor:
        cursor.execute("insert into source (name) values (%s) on conflict do nothing", (source,))
        cursor.execute(
            "insert into listing (source, prefix, watermark, whole_at) values (%s, %s, %s, %s) "
            "on conflict (source, prefix) do update set listed_at = clock_timestamp(), "
            "watermark = coalesce(excluded.watermark, listing.watermark), "
            "whole_at = coalesce(excluded.whole_at, listing.whole_at)",
            (source, prefix, reached.watermark, reached.whole_at),
        )


def looked_at(conn: Connection, source: str, prefixes: Sequence[str]) -> dict[str, datetime]:
    """When each of the prefixes was last listed as a whole; without those that never were."""
    with transaction(conn) as cursor:
        cursor.execute(
            "select prefix, whole_at from listing where source = %s and prefix = any (%s) and whole_at is not null",
            (source, list(prefixes)),
        )
        return dict(cursor.fetchall())


def folders_until(conn: Connection, source: str) -> datetime | None:
    """The time up to which no interval's folder was left out; None for a source that was never listed."""
    with transaction(conn) as cursor:
        cursor.execute("select folders_until from source where name = %s", (source,))
        row = cursor.fetchone()
        return row[0] if row else None


def advance_folders(conn: Connection, source: str, until: datetime) -> None:
    """Record that the folders of all intervals up to this time were listed. It never moves back."""
    with transaction(conn) as cursor:
        cursor.execute(
            "insert into source (name, folders_until) values (%s, %s) on conflict (name) do update "
            "set folders_until = greatest(source.folders_until, excluded.folders_until)",
            (source, until),
        )
