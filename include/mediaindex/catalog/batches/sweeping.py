"""Batches whose run ended, died or vanished before all of their recordings did."""

from __future__ import annotations

from dataclasses import dataclass

from mediaindex.catalog.base.connection import Connection, transaction
from mediaindex.catalog.base.rows import column, rows_as
from mediaindex.catalog.base.sql_files import query
from mediaindex.catalog.ledger.ledger import requeue
from mediaindex.contract.states import Lane, StateReason
from mediaindex.errors import ErrorCode, FailureClass

from . import failures
from .failures import Failure
from .retry_policy import RetryPolicy
from .settling import finish

# How often a recording is sent again for that.
TIMES_BACK = 3


@dataclass(frozen=True, slots=True)
class StartedBatch:
    """A batch that has a run and is not finished; ``dag_id`` is None until the run's first task began."""

    id: int
    source: str
    lane: Lane
    dag_id: str | None
    dag_run_id: str


@dataclass(frozen=True, slots=True)
class Swept:
    """What became of what was left: media object ids. ``waiting`` ones are only not published yet.

    ``kept`` ones were to be made again, and are back where they were.
    """

    put_back: tuple[int, ...] = ()
    quarantined: tuple[int, ...] = ()
    waiting: tuple[int, ...] = ()
    kept: tuple[int, ...] = ()


def started(conn: Connection) -> list[StartedBatch]:
    """Batches whose run is at work, or died. Which of the two, only Airflow knows."""
    with transaction(conn) as cursor:
        cursor.execute(query("started_batches"))
        return rows_as(cursor, StartedBatch)


def sweep(conn: Connection, batch: StartedBatch, policy: RetryPolicy) -> Swept:
    """Settle a batch whose run has ended; what did not reach an end goes back into the queue, as a failed try.

    The caller knows that the run has ended. May be repeated, and by several at once.
    """
    summary = finish(conn, batch.id)
    waiting = tuple(id_ for id_, _ in summary.unpublished)
    reason = (
        f"its run {batch.dag_run_id} failed, was ended or vanished before this recording was done; "
        "the run's red task says why"
    )
    failure = Failure(ErrorCode.RUN_FAILED, reason, FailureClass.TRANSIENT)
    left = {id_: failure for id_ in summary.unfinished if id_ not in waiting}
    fates = failures.settle(conn, batch.id, left, policy)
    if left and not waiting:
        finish(conn, batch.id)  # nothing is left in it
    return Swept(fates.put_back, fates.quarantined, waiting, fates.kept)


def with_fallback(
    conn: Connection, *, source: str | None = None, only_back: bool = False, limit: int = 1_000
) -> list[int]:
    """Ids of objects whose transcript a fallback wrote.

    With ``only_back`` those whose preferred recogniser works again, and that were not sent again for it too often.
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
    """Put at most ``limit`` of them back into the queue; their transcripts stay until there is a better one."""
    ids = with_fallback(conn, only_back=True, limit=limit)
    for id_ in ids:
        reason = "its transcript was written by a fallback, and the preferred recogniser works again"
        requeue(conn, id_, in_progress=True, code=StateReason.RECOGNISER_IS_BACK, reason=reason)
    return ids
