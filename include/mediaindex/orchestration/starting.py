"""From claimed recordings to runs: plan batches, start one run per batch, and record it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mediaindex.catalog.base.connection import connect
from mediaindex.catalog.batches import batches
from mediaindex.config.sources import Source
from mediaindex.contract.dags import INDEX_DAG
from mediaindex.contract.states import Lane

from . import connections
from .batch_job import run_id, run_note
from .identity import airflow_id

if TYPE_CHECKING:
    from mediaindex.catalog import Connection

LIMIT = 100  # runs started at once: more would only be queued, and may keep runs of other DAGs from being scheduled


def plan(conn: Connection, source: Source, lane: Lane) -> int:
    """Plan claimed recordings into batches. Returns the number of batches."""
    quota = None if source.hours_per_day is None else 3600 * source.hours_per_day
    return len(
        batches.plan(
            conn,
            source.name,
            lane=lane,
            target_seconds=source.batch_seconds,
            max_items=source.batch_items,
            quota_seconds=quota,
        )
    )


def runs_of(waiting: Sequence[batches.PlannedBatch]) -> list[dict[str, Any]]:
    """Arguments of a run for each of the first ``LIMIT`` batches.

    The run's id is made from the batch's id and token, so that a second start finds the existing run.
    """
    return [
        {
            "trigger_dag_id": INDEX_DAG[batch.lane],
            "trigger_run_id": run_id(batch),
            "conf": {"batch_id": batch.id},
            "note": run_note(batch),
        }
        for batch in waiting[:LIMIT]
    ]


def note_started(started: list[dict[str, Any]]) -> None:
    """Record which batches have a run, so that they are not started again."""
    with connect(connections.database_url()) as conn:
        ours = airflow_id(conn)
        for run in started:
            batches.mark_started(conn, run["conf"]["batch_id"], run["trigger_run_id"], airflow_id=ours)
