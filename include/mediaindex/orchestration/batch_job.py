"""Between the catalog and the runner: a batch's items as a job, and its result as the catalog's rows."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass

from mediaindex.catalog.base.connection import connect
from mediaindex.catalog.batches import batches, stage_runs
from mediaindex.catalog.batches.batches import BatchItem
from mediaindex.config import sources
from mediaindex.contract.job import Job, JobItem, JobResult, ObjectSource, S3Store
from mediaindex.settings import ServerSettings
from mediaindex.stages.media.process import printable

from . import connections, time_limits
from .defaults import retry_policy

log = logging.getLogger(__name__)

FIRST_STAGE = "normalize"
LONGEST_MESSAGE = 2_000  # characters of an error in the log


def run_id(batch_id: int) -> str:
    """The only run that a batch has."""
    return f"batch_{batch_id}"


@dataclass(frozen=True, slots=True)
class Work:
    """The job for the items that may take a stage now (it may have none), and how long each of them is, by id."""

    job: Job
    audio_seconds: dict[str, float]


def take_over(batch_id: int, dag_id: str, dag_run_id: str) -> None:
    """Note this run as the one that works on the batch. TerminalError where there is no such batch."""
    with connect(connections.database_url()) as conn:
        batches.take_over(conn, batch_id, dag_id, dag_run_id)


def speech_work(batch_id: int, stage: str) -> Work:
    """What the stage has to do in the batch."""
    configuration = sources.load(sources.path_from_environment())
    with connect(connections.database_url()) as conn:
        items = batches.items(conn, batch_id, stage=stage)
        earlier = stage_runs.earlier(conn, batch_id, stage) if stage == FIRST_STAGE else {}
    job = Job(
        stage=stage,
        items=tuple(_item(item, configuration, earlier) for item in items),
        store=artifact_store(),
        settings=configuration.stages.get(stage, {}),
        recognisers=configuration.recognisers,
    )
    return Work(job, time_limits.audio_seconds(items))


def artifact_store() -> S3Store:
    """Where this installation keeps artifacts."""
    endpoint = ServerSettings.read(connections.s3_environment()).s3_endpoint_url
    return S3Store(bucket=connections.artifacts_bucket(), endpoint_url=endpoint)


def use_s3_environment() -> None:
    """Give this task's own process what the S3 connection says; a task is a process of its own."""
    os.environ.update(connections.s3_environment())


def record(batch_id: int, result: JobResult, *, last_try: bool) -> int:
    """Write the result into the catalog; how many items wait for another try of this task.

    After the ``last_try`` nobody waits here: what may pass later goes back into the queue.
    """
    for item in result.items:
        if item.error:
            log.warning("%s: %s", item.error.code, printable(item.error.message, LONGEST_MESSAGE))
    with connect(connections.database_url()) as conn:
        recorded = stage_runs.record(conn, batch_id, result, last_try=last_try, policy=retry_policy())
    fates = {
        "back in the queue": recorded.put_back,
        "quarantined": recorded.quarantined,
        "back where they were, with what they had": recorded.kept,
    }
    for what, ids in fates.items():
        if ids:
            log.warning("%s: media objects %s are %s", result.stage, ", ".join(map(str, ids)), what)
    return len(recorded.transient)


def _item(item: BatchItem, configuration: sources.Configuration, earlier: Mapping[int, str]) -> JobItem:
    known = {FIRST_STAGE: earlier[item.media_object_id]} if item.media_object_id in earlier else {}
    return JobItem(
        id=str(item.media_object_id),
        name=printable(item.key.rpartition("/")[2]),  # for messages: the key is somebody else's text
        source=ObjectSource(
            bucket=item.bucket, key=item.key, etag=item.etag, version_id=item.version_id, size=item.size
        ),
        hints=configuration.source(item.source).hints,
        audio_sha256=item.audio_sha256,
        upstream=known | item.upstream,
    )
