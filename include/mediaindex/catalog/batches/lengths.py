"""Lengths of recordings in batches: estimated from their size, measured once they are decoded, and a quota per day."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Protocol, TypeVar

from mediaindex.catalog.base.connection import Connection, Cursor, transaction
from mediaindex.catalog.base.rows import column
from mediaindex.catalog.base.sql_files import query
from mediaindex.printable import logger

log = logger(__name__)

# Bytes per second by file type: rough, but they only decide how many short recordings share a run. Other types count as
# speech in a lossy codec, so that an unknown type is overestimated rather than underestimated.
_BYTES_A_SECOND = {
    **dict.fromkeys((".wav", ".aif", ".aiff", ".flac", ".caf", ".w64", ".raw", ".pcm"), 64_000),
    **dict.fromkeys((".mp4", ".mov", ".mkv", ".webm", ".avi", ".ts", ".mpg", ".flv"), 150_000),
}
_LOSSY = 12_000
# A recording that is this many times longer than the target of a batch leaves a batch that it shares.
FAR_LONGER = 2.0


class HasLength(Protocol):
    """An object with a length in seconds, measured or estimated."""

    @property
    def seconds(self) -> float:
        """The length in seconds."""


Sized = TypeVar("Sized", bound=HasLength)


def estimated_seconds(key: str, size: int) -> float:
    """The estimated length in seconds of an unread file of ``size`` bytes."""
    return size / _BYTES_A_SECOND.get(PurePosixPath(key).suffix.lower(), _LOSSY)


def within(cursor: Cursor, source: str, objects: Sequence[Sized], quota_seconds: float) -> list[Sized]:
    """The first of ``objects`` that fit into what is left of the source's quota since midnight (UTC).

    A single recording that is longer than the whole quota fits if nothing else was planned on that day.
    """
    cursor.execute(query("planned_today"), {"source": source})
    used = 0.0
    for key, size, duration in cursor.fetchall():
        used += estimated_seconds(key, size) if duration is None else float(duration)
    fitting: list[Sized] = []
    for item in objects:
        if used and used + item.seconds > quota_seconds:
            break
        used += item.seconds
        fitting.append(item)
    if len(fitting) < len(objects):
        log.warning(
            "source %s: its quota of %.1f hours per day is used; recordings wait until midnight UTC, or raise "
            "hours_per_day",
            source,
            quota_seconds / 3600,
        )
    return fitting


def note_quota(cursor: Cursor, source: str, *, is_used: bool) -> None:
    """Record whether a planning left recordings of the source for the next day."""
    if is_used:
        cursor.execute("update source set quota_used_at = now() where name = %s", (source,))
    else:
        cursor.execute(
            "update source set quota_used_at = null where name = %s and quota_used_at is not null", (source,)
        )


def plan_again(conn: Connection, batch_id: int, target_seconds: float) -> list[int]:
    """Take recordings that turned out far longer than a batch should be out of it; they are planned again, alone.

    Returns their media object ids. What was computed is read from the artifacts.
    """
    with transaction(conn) as cursor:
        cursor.execute(query("longer_than_planned"), {"batch_id": batch_id, "longest": FAR_LONGER * target_seconds})
        return column(cursor)
