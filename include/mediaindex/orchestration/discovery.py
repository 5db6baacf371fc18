"""What ``discover_recordings`` does between its sensor and the runs that it starts."""

from __future__ import annotations

import logging
from typing import Any

from mediaindex.catalog import batches, ledger
from mediaindex.catalog.connection import connect
from mediaindex.config.sources import Source

from . import connections
from .batch_job import run_id, use_s3_environment
from .defaults import INDEX_DAG

log = logging.getLogger(__name__)


LIMIT = 100  # runs started at a time: more would only queue up, and one DAG's queued runs can hide another's


def claim_new(source: Source, prefix: str, lane: str) -> int:
    """List the prefix, write what is new into the ledger, plan it into batches; how many objects were new."""
    from mediaindex.storage.client import s3_client
    from mediaindex.storage.media import list_objects

    use_s3_environment()
    with connect(connections.database_url()) as conn:
        claimed = ledger.claim(conn, source.name, list_objects(s3_client(), source.bucket, prefix))
        planned = batches.plan(
            conn, source.name, lane=lane, target_seconds=source.batch_seconds, max_items=source.batch_items
        )
    log.info("s3://%s/%s: %d new, %d batches planned", source.bucket, prefix, len(claimed), len(planned))
    return len(claimed)


def batches_to_start(source: str) -> list[dict[str, Any]]:
    """Arguments of a run for each batch that has none: those just planned, and those that a crash left behind.

    A run's id is made from its batch's, so that whoever starts it again meets the run that is there.
    """
    with connect(connections.database_url()) as conn:
        waiting = batches.unstarted(conn, source)
    return [
        {"trigger_dag_id": INDEX_DAG[one.lane], "trigger_run_id": run_id(one.id), "conf": {"batch_id": one.id}}
        for one in waiting[:LIMIT]
    ]


def note_started(started: list[dict[str, Any]]) -> None:
    """Remember which batches have their run, so that the next discovery does not start them again."""
    with connect(connections.database_url()) as conn:
        for one in started:
            batches.mark_started(conn, one["conf"]["batch_id"], one["trigger_run_id"])
