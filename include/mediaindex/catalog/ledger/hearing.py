"""Whether uploads are still announced: objects that only a listing found say that announcements got lost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mediaindex.catalog.base.connection import Connection, transaction
from mediaindex.catalog.base.rows import record, rows_as
from mediaindex.catalog.base.sql_files import query

DAY_S = 86_400.0
GRACE_S = 600.0  # an announcement usually takes seconds; S3 promises minutes at most
ENOUGH = 3  # S3 itself may lose one now and then; as many without any in between are no chance


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Of one source within a window: objects by who saw them first, and those that wait to be claimed."""

    source: str
    by_event: int
    by_listing: int
    waiting: int
    last_event_at: datetime | None


@dataclass(frozen=True, slots=True)
class Silence:
    """``missed`` objects were uploaded since ``since``, found by listings, and announced by nobody."""

    source: str
    missed: int
    since: datetime
    last_event_at: datetime | None


def heard(conn: Connection, source: str, events: int) -> None:
    """Note that announcements of the source's uploads came just now."""
    with transaction(conn) as cursor:
        cursor.execute("insert into source (name) values (%s) on conflict do nothing", (source,))
        cursor.execute(
            "insert into hearing (source, last_event_at, events) values (%s, now(), %s) "
            "on conflict (source) do update set since = now(), last_event_at = now(), "
            "events = hearing.events + excluded.events",
            (source, events),
        )


def silence(conn: Connection, source: str, *, window_s: float = DAY_S, grace_s: float = GRACE_S) -> Silence | None:
    """Whether announcements have stopped; None while they come, or while nothing was uploaded that they missed.

    The first call for a source begins to listen: what was uploaded before it is not missed.
    """
    with transaction(conn) as cursor:
        cursor.execute("insert into source (name) values (%s) on conflict do nothing", (source,))
        cursor.execute("insert into hearing (source) values (%s) on conflict do nothing", (source,))
        cursor.execute(query("unannounced"), {"source": source, "window_s": window_s, "grace_s": grace_s})
        told = record(cursor) or {}
    return Silence(source, **told) if told["missed"] >= ENOUGH else None


def arrivals(conn: Connection, *, window_s: float = DAY_S) -> list[Arrivals]:
    """What each source saw arrive within the window, by source."""
    with transaction(conn) as cursor:
        cursor.execute(query("arrivals"), {"window_s": window_s})
        return rows_as(cursor, Arrivals)
