"""Detect lost announcements of uploads by the objects that only a listing found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mediaindex.catalog.base.connection import Connection, transaction
from mediaindex.catalog.base.rows import record, rows_as
from mediaindex.catalog.base.sql_files import query

DAY_S = 86_400.0
GRACE_S = 600.0  # an announcement usually takes seconds; S3 documents minutes at most
ENOUGH = 3  # missed objects in a row; S3 itself may rarely lose a single announcement


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Objects of one source within a window, by how they were first seen, and those that wait to be claimed."""

    source: str
    by_event: int
    by_listing: int
    waiting: int
    last_event_at: datetime | None


@dataclass(frozen=True, slots=True)
class Silence:
    """``missed``: number of objects that were uploaded after ``since`` and found by listings without announcement."""

    source: str
    missed: int
    since: datetime
    last_event_at: datetime | None


def heard(conn: Connection, source: str, events: int) -> None:
    """Record that announcements of the source's uploads arrived now."""
    with transaction(conn) as cursor:
        cursor.execute("insert into source (name) values (%s) on conflict do nothing", (source,))
        cursor.execute(
            "insert into hearing (source, last_event_at, events) values (%s, now(), %s) "
            "on conflict (source) do update set since = now(), last_event_at = now(), "
            "events = hearing.events + excluded.events",
            (source, events),
        )


def silence(conn: Connection, source: str, *, window_s: float = DAY_S, grace_s: float = GRACE_S) -> Silence | None:
    """The silence of a source whose announcements have stopped; None while they arrive or no upload was missed.

    Uploads before the first call for a source do not count as missed.
    """
    with transaction(conn) as cursor:
        cursor.execute("insert into source (name) values (%s) on conflict do nothing", (source,))
        cursor.execute("insert into hearing (source) values (%s) on conflict do nothing", (source,))
        cursor.execute(query("unannounced"), {"source": source, "window_s": window_s, "grace_s": grace_s})
        missed = record(cursor) or {}
    return Silence(source, **missed) if missed["missed"] >= ENOUGH else None


def arrivals(conn: Connection, *, window_s: float = DAY_S) -> list[Arrivals]:
    """The arrivals of each source within the window."""
    with transaction(conn) as cursor:
        cursor.execute(query("arrivals"), {"window_s": window_s})
        return rows_as(cursor, Arrivals)
