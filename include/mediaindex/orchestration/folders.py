"""Folders of a source with a date in its prefix that a scheduled run lists besides its own.

A run begins when its interval ends, and uploads may come later: a folder is listed again for some days, at gaps that
double, and a last time when these days are over. Intervals without a run (Airflow was away, the DAG was paused) are
caught up on. A day from before the source was first listed is a matter of a backfill.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from mediaindex.catalog.ledger import discovery
from mediaindex.config.sources import Source
from mediaindex.errors import TerminalError
from mediaindex.printable import logger

if TYPE_CHECKING:
    from mediaindex.catalog import Connection

log = logger(__name__)

LIMIT = 200  # folders that one run lists; the next run continues


@dataclass(frozen=True, slots=True)
class Folder:
    """A prefix, the end of the last of its intervals until now, and when it was listed; None if it never was."""

    prefix: str
    ended: datetime
    listed: datetime | None


def is_dated(source: Source) -> bool:
    """Whether each run of the source has a prefix of its own."""
    return source.literal_prefix != source.prefix


def due(conn: Connection, source: Source, now: datetime) -> list[Folder]:
    """The folders of earlier intervals that are to be listed now, oldest first; at most LIMIT."""
    if not is_dated(source):
        return []
    until = discovery.folders_until(conn, source.name)
    if until is None:
        return []
    late = timedelta(days=source.listing.late_days)
    return [folder for folder in _recent(conn, source, until - late, now) if _is_due(folder, until, late, now)][:LIMIT]


def note_listed(conn: Connection, source: Source, folders: list[Folder], now: datetime) -> None:
    """Record that a run has listed these folders, which were due at ``now``, and its own."""
    if is_dated(source):
        discovery.advance_folders(conn, source.name, folders[-1].ended if len(folders) == LIMIT else now)


def _is_due(folder: Folder, until: datetime, late: timedelta, now: datetime) -> bool:
    if folder.listed is None:
        return folder.ended > until
    complete = folder.ended + late
    if folder.listed >= complete:
        return False
    return now >= complete or now - folder.listed >= folder.listed - folder.ended


def _recent(conn: Connection, source: Source, first: datetime, now: datetime) -> Iterator[Folder]:
    from .timetable import interval_before, runs

    try:
        begin = interval_before(source.schedule, first)
        ends = {prefix: end for _, end, prefix in runs(source, begin, now, now)}
    except TerminalError as error:
        log.warning("earlier folders are not listed again: %s", error)
        return
    listed = discovery.looked_at(conn, source.name, list(ends))
    for prefix, end in sorted(ends.items(), key=lambda folder: folder[1]):
        if end > first:
            yield Folder(prefix, end, listed.get(prefix))
