"""Plan batches of claimed objects: a long recording alone, short ones together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from psycopg2.extras import execute_values

from mediaindex.catalog.base.connection import Connection, Cursor, transaction
from mediaindex.catalog.base.rows import column, rows_as, scalar
from mediaindex.catalog.base.sql_files import query
from mediaindex.contract.states import Lane
from mediaindex.errors import ErrorCode, TerminalError

from . import airflows, lengths
from .lengths import estimated_seconds
from .retry_policy import group_limit

PAGE = 2_000  # objects planned in one transaction


class Unplanned(NamedTuple):
    """A claimed object without a batch; ``size`` in bytes. The fields from ``lane`` on are set if it was requeued.

    ``duration_s``: its measured length, if it was decoded before.
    """

    id: int
    key: str
    size: int
    lane: Lane | None = None
    attempts: int = 0
    code: str | None = None
    failure_class: str | None = None
    duration_s: float | None = None

    @property
    def seconds(self) -> float:
        """The length in seconds: measured, else estimated."""
        return estimated_seconds(self.key, self.size) if self.duration_s is None else self.duration_s


@dataclass(frozen=True, slots=True)
class PlannedBatch:
    """A batch without a run; ``items``: their number, ``bytes``: their total size, ``first_keys``: of at most three.

    ``run_token``: part of the id of its run, different for every batch of every catalog.
    """

    id: int
    source: str
    lane: Lane
    items: int
    bytes: int
    run_token: str
    first_keys: tuple[str, ...] = ()


def plan(
    conn: Connection,
    source: str,
    *,
    lane: Lane = Lane.FRESH,
    target_seconds: float = 300.0,
    max_items: int = 50,
    quota_seconds: float | None = None,
) -> list[int]:
    """Put every claimed object of the source that has no batch and may be tried now into a batch; ids of new batches.

    Objects of about ``target_seconds`` of audio or more (estimated by size, if the length is not known) get their own
    batch; smaller ones share one up to that length and ``max_items``. An object that was requeued after a failure keeps
    its lane, and shares a batch as ``group_limit`` says. Objects beyond ``quota_seconds`` of audio since midnight (UTC)
    wait for the next day. Safe in parallel: each object is planned once. One transaction per 2,000 objects.
    """
    planned: list[int] = []
    while True:
        with transaction(conn) as cursor:
            cursor.execute(query("unplanned_objects"), {"source": source, "limit": PAGE})
            page = rows_as(cursor, Unplanned)
            within = page if quota_seconds is None else lengths.within(cursor, source, page, quota_seconds)
            for (own_lane, limit), alike in _alike(within, lane, max_items).items():
                planned += [_create(cursor, source, own_lane, group) for group in groups(alike, target_seconds, limit)]
            if len(page) < PAGE or len(within) < len(page):
                lengths.note_quota(cursor, source, is_used=len(within) < len(page))
                return planned


def _alike(page: Iterable[Unplanned], lane: Lane, max_items: int) -> dict[tuple[Lane, int], list[Unplanned]]:
    """By lane, and by how many may share a batch."""
    alike: defaultdict[tuple[Lane, int], list[Unplanned]] = defaultdict(list)
    for item in page:
        alike[item.lane or lane, group_limit(max_items, item.attempts, item.code, item.failure_class)].append(item)
    return alike


def groups(objects: Iterable[Unplanned], target_seconds: float, max_items: int) -> Iterator[list[Unplanned]]:
    """Each object once, in groups of at most ``target_seconds`` and ``max_items``; a longer object is its own group."""
    group: list[Unplanned] = []
    length = 0.0
    for item in objects:
        seconds = item.seconds
        if seconds >= target_seconds:
            yield [item]
            continue
        if group and (length + seconds > target_seconds or len(group) >= max_items):
            yield group
            group, length = [], 0.0
        group.append(item)
        length += seconds
    if group:
        yield group


def unstarted(conn: Connection, source: str | None = None, *, airflow_id: str | None = None) -> list[PlannedBatch]:
    """Batches without a run, oldest first: new ones, and those left by a crash.

    With ``airflow_id`` those that this Airflow starts; no other Airflow gets them from then on.
    """
    if airflow_id is not None:
        airflows.adopt(conn, airflow_id, source)
    with transaction(conn) as cursor:
        cursor.execute(query("unstarted_batches"), {"source": source, "airflow_id": airflow_id})
        return rows_as(cursor, PlannedBatch)


def mark_started(conn: Connection, batch_id: int, dag_run_id: str, *, airflow_id: str | None = None) -> bool:
    """Record the run of the batch; False if another run was recorded before.

    Start the run first, with an id derived from the batch and its token, then call this: after a crash in between, the
    same run id is tried again and finds that run.
    """
    with transaction(conn) as cursor:
        cursor.execute(
            "update batch set dag_run_id = %(run)s, started_at = coalesce(started_at, now()), "
            "airflow_id = coalesce(%(airflow_id)s, airflow_id) "
            "where id = %(id)s and (dag_run_id is null or dag_run_id = %(run)s)",
            {"id": batch_id, "run": dag_run_id, "airflow_id": airflow_id},
        )
        return cursor.rowcount == 1


def take_over(conn: Connection, batch_id: int, dag_id: str, dag_run_id: str, *, airflow_id: str | None = None) -> None:
    """Record the run that processes the batch from now on, also a manual one. Raises TerminalError if it is unknown."""
    with transaction(conn) as cursor:
        cursor.execute(
            "update batch set dag_id = %s, dag_run_id = %s, airflow_id = %s, "
            "started_at = coalesce(started_at, now()) where id = %s",
            (dag_id, dag_run_id, airflow_id, batch_id),
        )
        if cursor.rowcount == 0:
            raise unknown_batch(batch_id)


def due_sources(conn: Connection) -> list[str]:
    """Sources that have objects to plan now."""
    with transaction(conn) as cursor:
        cursor.execute(query("due_sources"))
        return column(cursor)


def unknown_batch(batch_id: int) -> TerminalError:
    """The error for a batch id that does not exist."""
    return TerminalError(
        f"batch {batch_id}: not in the catalog; `mediaindex ledger show KEY` names the batches of a recording",
        code=ErrorCode.UNKNOWN_BATCH,
    )


def _create(cursor: Cursor, source: str, lane: Lane, group: list[Unplanned]) -> int:
    cursor.execute(
        "insert into batch (source, lane, bytes) values (%s, %s, %s) returning id",
        (source, lane, sum(item.size for item in group)),
    )
    batch_id = int(scalar(cursor))
    rows = [(batch_id, item.id, position) for position, item in enumerate(group)]
    execute_values(cursor, "insert into batch_item (batch_id, media_object_id, position) values %s", rows)
    cursor.execute("update media_object set batch_id = %s where id = any (%s)", (batch_id, [item.id for item in group]))
    return batch_id
