"""Record the result of a stage for a batch: costs, passed and failed items, and duplicates."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg2.extras import execute_values

from mediaindex.catalog.base import storable
from mediaindex.catalog.base.connection import Connection, Cursor, transaction
from mediaindex.catalog.base.rows import column
from mediaindex.catalog.base.sql_files import query
from mediaindex.catalog.ledger.recordings import link
from mediaindex.contract.job import ItemResult, JobResult
from mediaindex.contract.states import OUT_OF_BATCH, ItemStatus
from mediaindex.errors import ErrorCode, FailureClass, TerminalError

from .failures import Failure, fail, of_item
from .retry_policy import RetryPolicy


@dataclass(frozen=True, slots=True)
class Recorded:
    """The results by media object id. ``transient`` items may pass if the stage is run again now.

    ``put_back`` items have left the batch and wait in the queue. ``kept`` items have left it too: their reprocessing
    failed, and they were restored to their earlier state.
    """

    done: tuple[int, ...]
    cached: tuple[int, ...]
    quarantined: tuple[int, ...]
    duplicates: tuple[int, ...]
    transient: tuple[int, ...]
    put_back: tuple[int, ...] = ()
    gone: tuple[int, ...] = ()
    kept: tuple[int, ...] = ()


def record(
    conn: Connection,
    batch_id: int,
    result: JobResult,
    *,
    last_try: bool = False,
    policy: RetryPolicy = RetryPolicy(),  # noqa: B008  # frozen
) -> Recorded:
    """Record a stage result in one transaction: costs, fingerprints, failures, and (after normalize) recordings.

    Items with transient failures stay in the batch, so that the stage can run again, unless this was the ``last_try``.
    Recording a result twice adds its costs twice, as another attempt, and changes nothing else. For objects that have
    left the batch only the costs are recorded. Raises TerminalError if the result does not belong to the batch.
    """
    results = {_id(item): item for item in result.items}
    with transaction(conn) as cursor:
        here = _still_here(cursor, batch_id, results)
        _insert_runs(cursor, batch_id, result.stage, results)
        passed = {id_: results[id_] for id_ in here if results[id_].status != ItemStatus.FAILED}
        _pass_stage(cursor, batch_id, result.stage, passed)
        duplicates = link(cursor, passed) if result.stage == "normalize" else []
        failed = _failures(results, here, result.stage)
        again = (
            ()
            if last_try
            else tuple(id_ for id_, failure in failed.items() if failure.failure_class == FailureClass.TRANSIENT)
        )
        final = {id_: failure for id_, failure in failed.items() if id_ not in again}
        fates = fail(cursor, batch_id, final, policy)
    return Recorded(
        done=tuple(id_ for id_, item in passed.items() if item.status == ItemStatus.DONE),
        cached=tuple(id_ for id_, item in passed.items() if item.status == ItemStatus.CACHED),
        quarantined=fates.quarantined,
        duplicates=tuple(duplicates),
        transient=again,
        put_back=fates.put_back,
        gone=fates.gone,
        kept=fates.kept,
    )


def earlier(conn: Connection, batch_id: int, stage: str) -> dict[int, str]:
    """Fingerprints of this stage's artifacts from earlier batches, by media object id of the batch's items."""
    with transaction(conn) as cursor:
        cursor.execute(query("earlier_artifacts"), {"batch_id": batch_id, "stage": stage})
        return dict(cursor.fetchall())


def _failures(results: dict[int, ItemResult], here: list[int], stage: str) -> dict[int, Failure]:
    errors = ((id_, results[id_].error) for id_ in here)
    return {id_: of_item(error, stage) for id_, error in errors if error is not None}


def _id(item: ItemResult) -> int:
    if not item.id.isdecimal():
        raise TerminalError(f"result for item {item.id!r}: invalid media object id", code=ErrorCode.BAD_RESULT)
    return int(item.id)


def _still_here(cursor: Cursor, batch_id: int, results: dict[int, ItemResult]) -> list[int]:
    """Ids that are still in this batch, in order, locked: parallel stages may fail the same item."""
    cursor.execute(
        "select media_object_id from batch_item where batch_id = %s and media_object_id = any (%s)",
        (batch_id, list(results)),
    )
    if unknown := results.keys() - set(column(cursor)):
        raise TerminalError(f"result for {sorted(unknown)}: not in batch {batch_id}", code=ErrorCode.BAD_RESULT)
    cursor.execute(
        "select id from media_object where id = any (%s) and batch_id = %s "
        "and state <> all (%s) order by id for no key update",
        (list(results), batch_id, list(OUT_OF_BATCH)),
    )
    return column(cursor)


def _insert_runs(cursor: Cursor, batch_id: int, stage: str, results: dict[int, ItemResult]) -> None:
    rows = [
        (
            batch_id, id_, item.audio_sha256, stage, item.status, storable.text(item.engine), item.fingerprint,
            item.usage.wall_s, item.usage.cpu_s, item.usage.gpu_s, item.usage.peak_mb, item.usage.audio_s,
            storable.document(item.summary), *_error(item),
        )
        for id_, item in results.items()
    ]  # fmt: skip
    execute_values(cursor, query("record_runs"), rows)


def _error(item: ItemResult) -> tuple[str | None, str | None, str | None]:
    if item.error is None:
        return None, None, None
    return item.error.failure_class, storable.text(item.error.code), storable.message(item.error.message)


def _pass_stage(cursor: Cursor, batch_id: int, stage: str, passed: dict[int, ItemResult]) -> None:
    rows = [(batch_id, id_, stage, item.fingerprint, storable.document(item.summary)) for id_, item in passed.items()]
    if rows:
        execute_values(cursor, query("pass_stage"), rows)
