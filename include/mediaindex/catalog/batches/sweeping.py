"""Settle batches whose run ended, died or vanished before all recordings were finished."""

from __future__ import annotations

from dataclasses import dataclass

from mediaindex.catalog.base.connection import Connection, transaction
from mediaindex.catalog.base.rows import column, rows_as
from mediaindex.catalog.base.sql_files import query
from mediaindex.catalog.ledger.ledger import requeue
from mediaindex.contract.states import Lane, StateReason
from mediaindex.errors import ErrorCode, FailureClass

from . import airflows, failures
from .failures import Failure
from .retry_policy import RetryPolicy
from .settling import finish

# How often a recording is requeued because its preferred recogniser works again.
TIMES_BACK = 3


@dataclass(frozen=True, slots=True)
class StartedBatch:
    """A batch that has a run and is not finished; ``dag_id`` is None until the first task of the run starts.

    ``airflow_id``: the Airflow of the run, None if the run is older than these ids. ``is_silent``: that Airflow, or
    without an id this batch, was not heard of for ``airflows.SILENT_S``.
    """

    id: int
    source: str
    lane: Lane
    dag_id: str | None
    dag_run_id: str
    airflow_id: str | None
    is_silent: bool


@dataclass(frozen=True, slots=True)
class Swept:
    """Media object ids of the unfinished items. ``waiting`` items only wait for their publication.

    ``kept``: items in reprocessing that were restored to their earlier state.
    """

    put_back: tuple[int, ...] = ()
    quarantined: tuple[int, ...] = ()
    waiting: tuple[int, ...] = ()
    kept: tuple[int, ...] = ()


def started(conn: Connection) -> list[StartedBatch]:
    """Batches whose run is running or died; only the Airflow of the run knows which."""
    with transaction(conn) as cursor:
        cursor.execute(query("started_batches"), {"silent_s": airflows.SILENT_S})
        return rows_as(cursor, StartedBatch)


def restart(conn: Connection, batch: StartedBatch) -> bool:
    """Offer a batch for a new run, with another token; False if a run has begun to work on it.

    For a batch whose run ended before its first task: nothing was tried, so that nothing has failed.
    """
    with transaction(conn) as cursor:
        cursor.execute(
            "update batch set dag_run_id = null, started_at = null, airflow_id = null, run_token = default "
            "where id = %s and dag_run_id = %s and dag_id is null and finished_at is null",
            (batch.id, batch.dag_run_id),
        )
        return cursor.rowcount == 1


def sweep(conn: Connection, batch: StartedBatch, policy: RetryPolicy) -> Swept:
    """Settle a batch whose run has ended; unfinished items are requeued, as a failed attempt.

    The caller must know that the run has ended. May be repeated and run in parallel.
    """
    summary = finish(conn, batch.id)
    waiting = tuple(id_ for id_, _ in summary.unpublished)
    reason = (
        f"its run {batch.dag_run_id} failed, was ended or vanished before this recording was finished; "
        "see the log of the run's failed task"
    )
    failure = Failure(ErrorCode.RUN_FAILED, reason, FailureClass.TRANSIENT)
    left = {id_: failure for id_ in summary.unfinished if id_ not in waiting}
    fates = failures.settle(conn, batch.id, left, policy)
    if left and not waiting:
        finish(conn, batch.id)  # no item is left in it
    return Swept(fates.put_back, fates.quarantined, waiting, fates.kept)


def with_fallback(
    conn: Connection, *, source: str | None = None, only_back: bool = False, limit: int = 1_000
) -> list[int]:
    """Ids of objects whose transcript was written by a fallback recogniser.

    With ``only_back`` only those whose preferred recogniser works again and that were requeued less than TIMES_BACK
    times for it.
    """
    wanted = {
        "source": source,
        "only_back": only_back,
        "limit": limit,
        "times": TIMES_BACK,
        "code": StateReason.RECOGNISER_IS_BACK,
    }
    with transaction(conn) as cursor:
        cursor.execute(query("fallback_objects"), wanted)
        return column(cursor)


def requeue_fallbacks(conn: Connection, limit: int) -> list[int]:
    """Requeue at most ``limit`` of them; their transcripts stay until a new one replaces them."""
    ids = with_fallback(conn, only_back=True, limit=limit)
    for id_ in ids:
        reason = "its transcript was written by a fallback, and the preferred recogniser works again"
        requeue(conn, id_, in_progress=True, code=StateReason.RECOGNISER_IS_BACK, reason=reason)
    return ids
