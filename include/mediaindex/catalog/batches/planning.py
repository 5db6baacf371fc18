"""From claimed objects to batches: a long recording alone, short clips together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import NamedTuple

from psycopg2.extras import execute_values

from mediaindex.catalog.base.connection import Connection, Cursor, transaction
from mediaindex.catalog.base.rows import column, rows_as, scalar
from mediaindex.catalog.base.sql_files import query
from mediaindex.contract.states import Lane
from mediaindex.errors import ErrorCode, TerminalError

from .retry_policy import group_limit

PAGE = 2_000  # objects planned in one transaction
# Bytes a second by kind of file: rough, but only how many clips share a run hangs on it. The rest counts as speech
# in a lossy codec; what is not known is thus taken for longer rather than shorter.
_BYTES_A_SECOND = {
    **dict.fromkeys((".wav", ".aif", ".aiff", ".flac", ".caf", ".w64", ".raw", ".pcm"), 64_000),
    **dict.fromkeys((".mp4", ".mov", ".mkv", ".webm", ".avi", ".ts", ".mpg", ".flv"), 150_000),
}
_LOSSY = 12_000


class Unplanned(NamedTuple):
    """A claimed object in no batch; ``size`` in bytes. ``lane`` and the rest are those of one that was put back."""

    id: int
    key: str
    size: int
    lane: Lane | None = None
    attempts: int = 0
    code: str | None = None
    failure_class: str | None = None


@dataclass(frozen=True, slots=True)
class PlannedBatch:
    """A batch for which no run was started yet; ``items``: how many, ``bytes``: of all of them."""

    id: int
    source: str
    lane: Lane
    items: int
    bytes: int


def plan(
    conn: Connection, source: str, *, lane: Lane = Lane.FRESH, target_seconds: float = 300.0, max_items: int = 50
) -> list[int]:
    """Put every claimed object of the source that is in no batch and may be tried now into one; the new batches' ids.

    Objects of about ``target_seconds`` of audio or more (guessed from their size) get a batch each; smaller ones share
    one up to that length and ``max_items``. What was put back after a failure keeps its lane, and company that it
    cannot harm. Planners may run side by side: each object is planned once. One transaction a few thousand objects.
    """
    planned: list[int] = []
    while True:
        with transaction(conn) as cursor:
            cursor.execute(query("unplanned_objects"), {"source": source, "limit": PAGE})
            found = rows_as(cursor, Unplanned)
            for (own_lane, limit), alike in _alike(found, lane, max_items).items():
                planned += [_create(cursor, source, own_lane, group) for group in groups(alike, target_seconds, limit)]
        if len(found) < PAGE:
            return planned


def _alike(found: Iterable[Unplanned], lane: Lane, max_items: int) -> dict[tuple[Lane, int], list[Unplanned]]:
    """By lane, and by how many may share a batch."""
    alike: defaultdict[tuple[Lane, int], list[Unplanned]] = defaultdict(list)
    for one in found:
        alike[one.lane or lane, group_limit(max_items, one.attempts, one.code, one.failure_class)].append(one)
    return alike


def groups(objects: Iterable[Unplanned], target_seconds: float, max_items: int) -> Iterator[list[Unplanned]]:
    """Each object once, in groups of at most ``target_seconds`` (but one may be longer by itself) and ``max_items``."""
    group: list[Unplanned] = []
    length = 0.0
    for one in objects:
        seconds = estimated_seconds(one.key, one.size)
        if seconds >= target_seconds:
            yield [one]
            continue
        if group and (length + seconds > target_seconds or len(group) >= max_items):
            yield group
            group, length = [], 0.0
        group.append(one)
        length += seconds
    if group:
        yield group


def estimated_seconds(key: str, size: int) -> float:
    """How long a file of ``size`` bytes may be, before anybody has opened it."""
    return size / _BYTES_A_SECOND.get(PurePosixPath(key).suffix.lower(), _LOSSY)


def unstarted(conn: Connection, source: str | None = None) -> list[PlannedBatch]:
    """Batches without a run, oldest first: those just planned, and those that a crash left behind."""
    with transaction(conn) as cursor:
        cursor.execute(query("unstarted_batches"), {"source": source})
        return rows_as(cursor, PlannedBatch)


def mark_started(conn: Connection, batch_id: int, dag_run_id: str) -> bool:
    """Note the run that does the batch; False where another run was noted before.

    Start the run first, under an id made from the batch's, then call this: after a crash in between, the same id is
    tried again and finds that run.
    """
    with transaction(conn) as cursor:
        cursor.execute(
            "update batch set dag_run_id = %(run)s, started_at = coalesce(started_at, now()) "
            "where id = %(id)s and (dag_run_id is null or dag_run_id = %(run)s)",
            {"id": batch_id, "run": dag_run_id},
        )
        return cursor.rowcount == 1


def take_over(conn: Connection, batch_id: int, dag_id: str, dag_run_id: str) -> None:
    """Note the run that works on the batch from now on, one started by hand too. TerminalError for an unknown batch."""
    with transaction(conn) as cursor:
        cursor.execute(
            "update batch set dag_id = %s, dag_run_id = %s, started_at = coalesce(started_at, now()) where id = %s",
            (dag_id, dag_run_id, batch_id),
        )
        if cursor.rowcount == 0:
            raise unknown_batch(batch_id)


def due_sources(conn: Connection) -> list[str]:
    """Sources with something to plan now."""
    with transaction(conn) as cursor:
        cursor.execute(query("due_sources"))
        return column(cursor)


def unknown_batch(batch_id: int) -> TerminalError:
    """For whoever was given a number that is none."""
    return TerminalError(
        f"batch {batch_id}: not in the catalog; `mediaindex ledger show KEY` names the batches of a recording",
        code=ErrorCode.UNKNOWN_BATCH,
    )


def _create(cursor: Cursor, source: str, lane: Lane, group: list[Unplanned]) -> int:
    cursor.execute(
        "insert into batch (source, lane, bytes) values (%s, %s, %s) returning id",
        (source, lane, sum(one.size for one in group)),
    )
    batch_id = int(scalar(cursor))
    rows = [(batch_id, one.id, position) for position, one in enumerate(group)]
    execute_values(cursor, "insert into batch_item (batch_id, media_object_id, position) values %s", rows)
    cursor.execute("update media_object set batch_id = %s where id = any (%s)", (batch_id, [one.id for one in group]))
    return batch_id
