"""From the catalog to the runner and back: a batch as a job, and the job's result as rows of the catalog."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mediaindex.catalog.base.connection import connect
from mediaindex.catalog.batches import batches, failures, lengths, stage_runs
from mediaindex.catalog.batches.batches import BatchItem, PlannedBatch
from mediaindex.catalog.batches.failures import Failure
from mediaindex.catalog.ledger.sources import Absent
from mediaindex.config import sources
from mediaindex.contract.job import Job, JobItem, JobResult, ObjectSource, S3Store
from mediaindex.errors import ErrorCode, FailureClass
from mediaindex.printable import logger, printable
from mediaindex.settings import ServerSettings

from . import connections, time_limits
from .defaults import retry_policy
from .identity import airflow_id

if TYPE_CHECKING:
    from mediaindex.catalog import Connection

log = logger(__name__)

FIRST_STAGE = "normalize"
LONGEST_MESSAGE = 2_000  # characters of an error in the log
LONGEST_NAME = 80  # characters of a file name in the note of a run


def run_id(batch: PlannedBatch) -> str:
    """The id of a batch's run. No run of another batch has it, in whatever catalog that batch is."""
    return f"{batch.source}_batch_{batch.id}_{batch.run_token}"


def run_note(batch: PlannedBatch) -> str:
    """What the run works on, for people: ``calls: 12 files, a.wav, b.wav, c.wav and 9 more``."""
    names = [printable(key.rpartition("/")[2] or key, LONGEST_NAME) for key in batch.first_keys]
    more = f" and {batch.items - len(names)} more" if batch.items > len(names) else ""
    count = "1 file" if batch.items == 1 else f"{batch.items} files"
    return f"{batch.source}: {count}, {', '.join(names)}{more}"


@dataclass(frozen=True, slots=True)
class Work:
    """The job for the items that may run a stage now, possibly none, and their lengths in seconds by item id."""

    job: Job
    audio_seconds: dict[str, float]


def take_over(batch_id: int, dag_id: str, dag_run_id: str) -> None:
    """Record this run as the one that works on the batch. Raises TerminalError if the batch does not exist."""
    with connect(connections.database_url()) as conn:
        batches.take_over(conn, batch_id, dag_id, dag_run_id, airflow_id=airflow_id(conn))


def speech_work(batch_id: int, stage: str) -> Work:
    """The work of a stage in a batch."""
    configuration = sources.load(sources.path_from_environment())
    with connect(connections.database_url()) as conn:
        items = with_source(conn, batch_id, batches.items(conn, batch_id, stage=stage), configuration)
        earlier = stage_runs.earlier(conn, batch_id, stage) if stage == FIRST_STAGE else {}
    job = Job(
        stage=stage,
        items=tuple(_item(item, configuration, earlier) for item in items),
        store=artifact_store(),
        settings=configuration.stages.get(stage, {}),
        recognisers=configuration.recognisers,
        models=configuration.models,
    )
    return Work(job, time_limits.audio_seconds(items))


def with_source(
    conn: Connection, batch_id: int, items: Sequence[BatchItem], configuration: sources.Configuration
) -> list[BatchItem]:
    """The items whose source is configured. The others leave the batch, with the reason ``no_source``."""
    configured = {source.name for source in configuration.sources}
    gone = {item.media_object_id: item.source for item in items if item.source not in configured}
    if gone:
        left = {id_: Absent(name, None, None, None).reason for id_, name in gone.items()}
        failed = {id_: Failure(ErrorCode.NO_SOURCE, why, FailureClass.TERMINAL) for id_, why in left.items()}
        failures.settle(conn, batch_id, failed, retry_policy())
        log.warning("media objects %s: %s", ", ".join(map(str, gone)), next(iter(left.values())))
    return [item for item in items if item.media_object_id not in gone]


def artifact_store() -> S3Store:
    """The artifact store of this installation."""
    endpoint = ServerSettings.read(connections.s3_environment()).s3_endpoint_url
    return S3Store(bucket=connections.artifacts_bucket(), endpoint_url=endpoint)


def use_s3_environment() -> None:
    """Set the variables of the S3 connection in this process. Each task has a process of its own."""
    os.environ.update(connections.s3_environment())


def record(batch_id: int, result: JobResult, *, last_try: bool) -> int:
    """Write the result into the catalog. Returns the number of items that wait for a retry of this task.

    After the ``last_try`` no item waits: items with a transient failure go back into the queue.
    """
    for item in result.items:
        if item.error:
            log.warning("%s: %s", item.error.code, printable(item.error.message, LONGEST_MESSAGE))
    with connect(connections.database_url()) as conn:
        recorded = stage_runs.record(conn, batch_id, result, last_try=last_try, policy=retry_policy())
        if result.stage == FIRST_STAGE:
            _plan_again(conn, batch_id)
    outcomes = {
        "are back in the queue": recorded.put_back,
        "are quarantined": recorded.quarantined,
        "keep their state and their transcripts": recorded.kept,
    }
    for outcome, ids in outcomes.items():
        if ids:
            log.warning("%s: media objects %s %s", result.stage, ", ".join(map(str, ids)), outcome)
    return len(recorded.transient)


def _plan_again(conn: Connection, batch_id: int) -> None:
    """Take recordings out of the batch that are far longer than planned; the next planning puts each into its own."""
    items = batches.items(conn, batch_id)
    if len(items) > 1:
        source = sources.load(sources.path_from_environment()).source(items[0].source)
        if left := lengths.plan_again(conn, batch_id, source.batch_seconds):
            log.warning(
                "media objects %s: far longer than their size made expect; each is planned again in a batch of its own",
                ", ".join(map(str, left)),
            )


def _item(item: BatchItem, configuration: sources.Configuration, earlier: Mapping[int, str]) -> JobItem:
    known = {FIRST_STAGE: earlier[item.media_object_id]} if item.media_object_id in earlier else {}
    return JobItem(
        id=str(item.media_object_id),
        name=printable(item.key.rpartition("/")[2]),  # for messages: keys are not trusted
        source=ObjectSource(
            bucket=item.bucket, key=item.key, etag=item.etag, version_id=item.version_id, size=item.size
        ),
        hints=configuration.source(item.source).hints,
        audio_sha256=item.audio_sha256,
        upstream=known | item.upstream,
    )
