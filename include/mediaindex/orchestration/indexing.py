"""The tasks of ``index_recordings`` that do not need the speech environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mediaindex.catalog.base.connection import connect
from mediaindex.catalog.batches import batches, failures
from mediaindex.catalog.batches.batches import BatchItem
from mediaindex.catalog.ledger import ledger
from mediaindex.catalog.transcripts import reviews, transcripts
from mediaindex.config import sources
from mediaindex.contract import artifacts
from mediaindex.contract.job import ItemError
from mediaindex.contract.pipeline import ASSESS, FIND_TOPICS, TRANSCRIBE
from mediaindex.contract.settings import TriageSettings, read_settings
from mediaindex.contract.states import ObjectState, ReviewKind, StateReason
from mediaindex.errors import ConfigError, DoubtfulError, ErrorCode, TerminalError
from mediaindex.printable import logger, printable
from mediaindex.stages.triage import TriageFacts, triage

from . import connections
from .batch_job import LONGEST_MESSAGE, artifact_store, use_s3_environment, with_source
from .defaults import retry_policy

if TYPE_CHECKING:
    from mediaindex.catalog import Connection

log = logger(__name__)

REVIEW = "queue_for_review"


def decide(batch_id: int) -> list[str]:
    """Triage each recording of the batch. Returns the ids of the tasks that follow: transcription, review, or both."""
    configuration = sources.load(sources.path_from_environment())
    following = set()
    with connect(connections.database_url()) as conn:
        for item in with_source(conn, batch_id, batches.items(conn, batch_id, stage="triage"), configuration):
            settings = read_settings(TriageSettings, configuration.triage_of(item.source), "triage")
            decision = triage(TriageFacts.from_summaries(item.summaries), settings)
            batches.set_decision(conn, batch_id, item.media_object_id, decision.way, decision.reasons)
            log.info("%s: %s %s", printable(item.key), decision.way, "; ".join(decision.reasons))
            following.add(TRANSCRIBE.name if decision.transcribe else REVIEW)
    return sorted(following)


def queue_for_review(batch_id: int) -> int:
    """Open a review for each recording that triage held back. Returns the number."""
    with connect(connections.database_url()) as conn:
        held_back = batches.items(conn, batch_id, stage="queue_for_review")
        for item in held_back:
            reviews.file(conn, item.media_object_id, kind=ReviewKind.TRIAGE, reasons=item.decision_reasons)
    return len(held_back)


def load_transcripts(batch_id: int) -> int:
    """Load the stages' artifacts into the catalog, one transaction per recording. Returns the number.

    A recording whose artifacts are missing leaves the batch and is queued from the beginning; the others are loaded.
    """
    loaded = 0
    use_s3_environment()
    with connect(connections.database_url()) as conn:
        for item in batches.items(conn, batch_id, stage="load_transcripts"):
            try:
                _load(conn, item)
                loaded += 1
            except ConfigError:
                raise  # credentials, a bucket or the catalog's tables, not this recording
            except (TerminalError, DoubtfulError) as error:
                log.warning("%s: %s: %s", printable(item.key), error.code, printable(error.message, LONGEST_MESSAGE))
                failure = failures.of_item(ItemError.of(error), "load_transcripts")
                failures.settle(conn, batch_id, {item.media_object_id: failure}, retry_policy())
    return loaded


def _load(conn: Connection, item: BatchItem) -> None:
    from mediaindex.storage.artifacts import open_store

    store = open_store(artifact_store())
    assessment = artifacts.read(store, ASSESS, item)
    transcript_id = transcripts.load(
        conn,
        media_object_id=item.media_object_id,
        audio_sha256=str(item.audio_sha256),
        assessment=assessment,
        topics=artifacts.read(store, FIND_TOPICS, item),
        fingerprint=item.upstream[FIND_TOPICS.name],
        fallback=artifacts.read(store, TRANSCRIBE, item).fallback,
    )
    if assessment.needs_review:
        reasons = assessment.reasons
        reviews.file(
            conn, item.media_object_id, kind=ReviewKind.ASSESSMENT, transcript_id=transcript_id, reasons=reasons
        )


def publish(batch_id: int) -> dict[str, Any]:
    """Publish the batch's transcripts to Elasticsearch. Raises TransientError if the cluster is unreachable."""
    from mediaindex.search.client import connect as connect_search
    from mediaindex.search.outbox import publish_pending
    from mediaindex.search.setup import prepare

    client = connect_search(**connections.elasticsearch())
    prepare(client)
    with connect(connections.database_url()) as conn:
        counts = publish_pending(conn, client, batch_id=batch_id)
    if counts.failed:
        log.warning("Elasticsearch rejected %d recordings; they stay in the outbox, `finish` logs why", counts.failed)
    return {"published": counts.published, "failed": counts.failed}


def finish(batch_id: int) -> dict[str, Any]:
    """Set the final state of every recording of the batch. Raises TerminalError if some are unfinished.

    Unfinished recordings stay claimed and in their batch, with a reason: clearing a failed task continues with them,
    and a retry of this task has the same result. After the end of the run, ``sweep_ledger`` queues them again.
    """
    with connect(connections.database_url()) as conn:
        summary = batches.finish(conn, batch_id)
        unpublished = dict(summary.unpublished)
        for id_ in summary.unfinished:
            code, reason = _why_unfinished(batch_id, unpublished.get(id_))
            log.warning("media object %d: %s: %s", id_, code, reason)
            ledger.set_state(conn, id_, ObjectState.CLAIMED, code=code, reason=reason, stage="finish")
    numbers = {
        "indexed": summary.indexed,
        "in_review": summary.in_review,
        "duplicate": summary.duplicate,
        "quarantined": summary.quarantined,
        "gone": summary.gone,
        "unfinished": len(summary.unfinished),
    }
    log.info("batch %d: %s", batch_id, ", ".join(f"{count} {state}" for state, count in numbers.items() if count))
    if summary.unfinished:
        raise TerminalError(
            f"batch {batch_id}: {len(summary.unfinished)} recordings are unfinished, {len(unpublished)} of them only "
            "because their transcripts are not published; the lines above say why"
        )
    return numbers


def _why_unfinished(batch_id: int, rejected: str | None) -> tuple[ErrorCode | StateReason, str]:
    """Code and reason of an unfinished recording.

    ``rejected``: Elasticsearch's error about its transcript; empty if it was not sent yet; None without a transcript.
    """
    if rejected is not None:
        why = f"rejected: {printable(rejected, LONGEST_MESSAGE)}" if rejected else "not sent yet"
        return StateReason.NOT_PUBLISHED, f"its transcript is in the catalog, but not in Elasticsearch: {why}"
    return (
        ErrorCode.RUN_FAILED,
        f"a task of batch {batch_id} failed before this recording was done; it is retried after the run has ended",
    )
