"""What the tasks of ``index_recordings`` do that need no speech environment."""

from __future__ import annotations

import logging
from typing import Any

from mediaindex.catalog import batches, ledger, reviews, transcripts
from mediaindex.catalog.batches import BatchItem
from mediaindex.catalog.connection import connect
from mediaindex.config import sources
from mediaindex.config.stage_settings import read_settings
from mediaindex.errors import TerminalError
from mediaindex.gates.triage import Settings, TriageFacts, triage
from mediaindex.runner import codec
from mediaindex.stages.results import Assessment, Recognition, Topics

from . import connections
from .batch_job import artifact_store, use_s3_environment

log = logging.getLogger(__name__)

TRANSCRIBE, REVIEW = "transcribe", "queue_for_review"


def decide(batch_id: int) -> list[str]:
    """Judge each recording; the tasks that the batch goes on to: one way, the other, or both."""
    configuration = sources.load(sources.path_from_environment())
    settings = read_settings(Settings, configuration.triage)
    ways = set()
    with connect(connections.database_url()) as conn:
        for item in batches.items(conn, batch_id, stage="triage"):
            decision = triage(TriageFacts.from_summaries(item.summaries), settings)
            batches.set_decision(conn, batch_id, item.media_object_id, decision.way, decision.reasons)
            log.info("%s: %s %s", item.key, decision.way, "; ".join(decision.reasons))
            ways.add(TRANSCRIBE if decision.transcribe else REVIEW)
    return sorted(ways)


def queue_for_review(batch_id: int) -> int:
    """Ask a person about each recording that triage doubted; how many."""
    with connect(connections.database_url()) as conn:
        doubted = batches.items(conn, batch_id, stage="queue_for_review")
        for item in doubted:
            reviews.file(conn, item.media_object_id, kind="triage", reasons=item.decision_reasons)
    return len(doubted)


def load_transcripts(batch_id: int) -> int:
    """Load what the stages left as artifacts into the catalog, one transaction a recording; how many.

    Items whose artifacts have vanished are quarantined with that reason; the others go on.
    """
    loaded = 0
    use_s3_environment()
    with connect(connections.database_url()) as conn:
        for item in batches.items(conn, batch_id, stage="load_transcripts"):
            try:
                _load(conn, item)
                loaded += 1
            except TerminalError as error:
                log.warning("%s: %s", item.key, error)
                ledger.set_state(
                    conn,
                    item.media_object_id,
                    "quarantined",
                    code=error.code,
                    reason=error.message,
                    stage="load_transcripts",
                )
    return loaded


def _load(conn: Any, item: BatchItem) -> None:
    assessment = _artifact(item, "assess", Assessment)
    transcript_id = transcripts.load(
        conn,
        media_object_id=item.media_object_id,
        audio_sha256=str(item.audio_sha256),
        assessment=assessment,
        topics=_artifact(item, "find_topics", Topics),
        fingerprint=item.upstream["find_topics"],
        fallback=_artifact(item, "transcribe", Recognition).fallback,
    )
    if assessment.needs_review:
        reasons = assessment.reasons
        reviews.file(conn, item.media_object_id, kind="assessment", transcript_id=transcript_id, reasons=reasons)


def _artifact(item: BatchItem, stage: str, kind: Any) -> Any:
    from mediaindex.storage.artifacts import open_store

    payload = open_store(artifact_store()).get(str(item.audio_sha256), stage, item.upstream[stage])
    if payload is None:
        raise TerminalError(
            f"{item.key}: the artifact of {stage} is gone from the store; put the recording back into the queue",
            code="missing_artifact",
        )
    return codec.load(kind, payload)


def publish(batch_id: int) -> dict[str, Any]:
    """Bring Elasticsearch up to what the catalog says of this batch; TransientError while the cluster is away."""
    from mediaindex.search.client import connect as connect_search
    from mediaindex.search.publish import publish_pending
    from mediaindex.search.setup import prepare

    client = connect_search(connections.elasticsearch_url())
    prepare(client)
    with connect(connections.database_url()) as conn:
        counts = publish_pending(conn, client, batch_id=batch_id)
    return {"published": counts.published, "failed": counts.failed}


def finish(batch_id: int) -> dict[str, Any]:
    """Settle every recording of the batch on the ledger; TerminalError where a failed task left some unsettled.

    Those stay claimed and in their batch, with a reason, so that clearing the failed task goes on with them; and so
    that another try of this comes to the same verdict.
    """
    with connect(connections.database_url()) as conn:
        summary = batches.finish(conn, batch_id)
        for id_ in summary.unfinished:
            reason = (
                f"a task of run batch_{batch_id} failed before this recording was done; mend its cause and clear it"
            )
            ledger.set_state(conn, id_, "claimed", code="run_failed", reason=reason, stage="finish")
    numbers = {
        "indexed": summary.indexed,
        "in_review": summary.in_review,
        "duplicate": summary.duplicate,
        "quarantined": summary.quarantined,
        "unfinished": len(summary.unfinished),
    }
    log.info("batch %d: %s", batch_id, ", ".join(f"{count} {state}" for state, count in numbers.items() if count))
    if summary.unfinished:
        raise TerminalError(f"batch {batch_id}: {len(summary.unfinished)} recordings could not be finished")
    return numbers
