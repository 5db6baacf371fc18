"""From claimed recordings to runs: batches are planned, each gets its run, and that is remembered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mediaindex.catalog.base.connection import connect
from mediaindex.catalog.batches import batches
from mediaindex.config.sources import Source
from mediaindex.contract.states import Lane

from . import connections
from .batch_job import run_id
from .defaults import INDEX_DAG

if TYPE_CHECKING:
    from mediaindex.catalog import Connection

LIMIT = 100  # runs started at a time: more would only queue up, and one DAG's queued runs can hide another's


def plan(conn: Connection, source: Source, lane: Lane) -> int:
    """Put what is claimed into batches; how many."""
    return len(
        batches.plan(conn, source.name, lane=lane, target_seconds=source.batch_seconds, max_items=source.batch_items)
    )


def runs_of(waiting: Sequence[batches.PlannedBatch]) -> list[dict[str, Any]]:
    """Arguments of a run for each batch, the first ``LIMIT`` of them.

    A run's id is made from its batch's, so that whoever starts it again meets the run that is there.
    """
    return [
        {"trigger_dag_id": INDEX_DAG[one.lane], "trigger_run_id": run_id(one.id), "conf": {"batch_id": one.id}}
        for one in waiting[:LIMIT]
    ]


def note_started(started: list[dict[str, Any]]) -> None:
    """Remember which batches have their run, so that nobody starts them again."""
    with connect(connections.database_url()) as conn:
        for one in started:
            batches.mark_started(conn, one["conf"]["batch_id"], one["trigger_run_id"])
