"""Between the catalog and the runner: a batch's items as a job, and its result as the catalog's rows."""

from __future__ import annotations

import logging
import os

from mediaindex.catalog import batches, ledger, stage_runs
from mediaindex.catalog.batches import BatchItem
from mediaindex.catalog.connection import connect
from mediaindex.config import sources
from mediaindex.runner.job import Job, JobItem, JobResult, ObjectSource, S3Store

from . import connections

log = logging.getLogger(__name__)

FIRST_STAGE = "normalize"


def run_id(batch_id: int) -> str:
    """The only run that a batch has."""
    return f"batch_{batch_id}"


def speech_job(batch_id: int, stage: str) -> Job:
    """The job for the items that may take this stage now; it may have none."""
    configuration = sources.load(sources.path_from_environment())
    with connect(connections.database_url()) as conn:
        if stage == FIRST_STAGE:
            batches.mark_started(conn, batch_id, run_id(batch_id))
        items = batches.items(conn, batch_id, stage=stage)
    return Job(
        stage=stage,
        items=tuple(_item(item, configuration) for item in items),
        store=artifact_store(),
        settings=configuration.stages.get(stage, {}),
    )


def artifact_store() -> S3Store:
    """Where this installation keeps artifacts."""
    endpoint = connections.s3_environment().get("MEDIAINDEX_S3_ENDPOINT_URL")
    return S3Store(bucket=connections.artifacts_bucket(), endpoint_url=endpoint)


def use_s3_environment() -> None:
    """Give this task's own process what the S3 connection says; a task is a process of its own."""
    os.environ.update(connections.s3_environment())


def record(batch_id: int, result: JobResult, *, give_up: bool) -> int:
    """Write the result into the catalog; how many items wait for another try.

    With ``give_up`` nobody waits: what might have passed later is quarantined, with the reason it failed last.
    """
    for item in result.items:
        if item.error:
            log.warning("%s: %s", item.error.code, item.error.message)
    with connect(connections.database_url()) as conn:
        recorded = stage_runs.record(conn, batch_id, result)
        if not give_up:
            return len(recorded.transient)
        errors = {int(item.id): item.error for item in result.items if item.error}
        for id_ in recorded.transient:
            reason = f"given up after every retry: {errors[id_].message}"
            ledger.set_state(conn, id_, "quarantined", code=errors[id_].code, reason=reason, stage=result.stage)
        return 0


def _item(item: BatchItem, configuration: sources.Configuration) -> JobItem:
    return JobItem(
        id=str(item.media_object_id),
        name=item.key.rpartition("/")[2],
        source=ObjectSource(
            bucket=item.bucket, key=item.key, etag=item.etag, version_id=item.version_id, size=item.size
        ),
        hints=configuration.source(item.source).hints,
        audio_sha256=item.audio_sha256,
        upstream=item.upstream,
    )
