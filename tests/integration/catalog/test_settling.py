"""The final states of a batch, and the report."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any

import pytest

from mediaindex.catalog.batches import batches, stage_runs
from mediaindex.catalog.batches import batches as progress
from mediaindex.catalog.ledger import ledger
from mediaindex.catalog.ledger import lines as report
from mediaindex.catalog.transcripts import publications, reviews, transcripts
from mediaindex.contract.job import ItemResult, JobResult
from mediaindex.contract.states import Decision, ItemStatus, ReviewKind

pytestmark = pytest.mark.servers
Make = Callable[..., Any]


@pytest.fixture
def index(conn: Any, passes: Make, assessed: Make) -> Callable[..., int]:
    """Take one object of a batch to a published transcript; its id."""

    def take(batch_id: int, id_: int, audio: str, *, needs_review: bool = False, fingerprint: str = "f1") -> int:
        passes(batch_id, "normalize", {id_: audio}, duration=9.0)
        topics_done = ItemResult(id=str(id_), status=ItemStatus.DONE, audio_sha256=audio, fingerprint=fingerprint)
        stage_runs.record(conn, batch_id, JobResult(stage="find_topics", items=(topics_done,)))
        batches.set_decision(conn, batch_id, id_, Decision.TRANSCRIBE)
        assessment, topics = assessed(needs_review=needs_review)
        loaded = transcripts.load(
            conn, media_object_id=id_, audio_sha256=audio, assessment=assessment, topics=topics, fingerprint=fingerprint
        )
        if needs_review:
            reviews.file(conn, id_, kind=ReviewKind.ASSESSMENT, transcript_id=loaded, reasons=assessment.reasons)
        for due in publications.pending(conn, batch_id=batch_id):
            publications.mark_published(conn, due.id)
        return loaded

    return take


@pytest.fixture
def load(conn: Any, passes: Make, assessed: Make) -> Callable[..., int]:
    """The same, but not published yet."""

    def take(batch_id: int, id_: int, audio: str) -> int:
        passes(batch_id, "normalize", {id_: audio})
        passes(batch_id, "find_topics", {id_: audio})
        assessment, topics = assessed()
        return transcripts.load(
            conn, media_object_id=id_, audio_sha256=audio, assessment=assessment, topics=topics,
            fingerprint=f"find_topics-{id_}",
        )  # fmt: skip

    return take


def ask(conn: Any, batch_id: int, id_: int) -> None:
    """Triage sends the object to people."""
    batches.set_decision(conn, batch_id, id_, Decision.REVIEW, ["SNR 2 dB"])
    reviews.file(conn, id_, kind=ReviewKind.TRIAGE, reasons=["SNR 2 dB"])


def states(conn: Any, source: str) -> list[str]:
    return [one.state for one in ledger.find(conn, source=source)]


def test_each_item_gets_its_final_state(
    conn: Any, source: str, batch: Make, index: Make, passes: Make, fails: Make, sha256: Make
) -> None:
    batch_id, (good, doubtful, noisy, broken, copy) = batch(5)
    audio = sha256()
    index(batch_id, good, audio)
    index(batch_id, doubtful, sha256(), needs_review=True)
    ask(conn, batch_id, noisy)
    fails(batch_id, "normalize", broken)
    passes(batch_id, "normalize", {copy: audio})
    assert batches.finish(conn, batch_id) == batches.BatchSummary(batch_id, 1, 2, 1, 1, ())
    assert states(conn, source) == ["indexed", "in_review", "in_review", "quarantined", "duplicate"]
    assert batches.finish(conn, batch_id) == batches.BatchSummary(batch_id, 1, 2, 1, 1, ())
    lines = {row.media_object_id: row for row in report.rows(conn, batch_id=batch_id)}
    assert (lines[good].words, lines[good].speakers, lines[good].duration, lines[good].wall_s) == (20, 2, 9.0, 2.0)
    assert (lines[noisy].reason_code, lines[noisy].reason) == ("review_triage", "SNR 2 dB")
    assert (lines[doubtful].reason_code, lines[broken].reason_code) == ("review_assessment", "no_audio_stream")


def test_an_unpublished_item_is_not_indexed(conn: Any, source: str, batch: Make, index: Make, sha256: Make) -> None:
    batch_id, (done, waiting) = batch(2)
    index(batch_id, done, sha256())
    assert batches.finish(conn, batch_id).unfinished == (waiting,)
    assert states(conn, source) == ["indexed", "claimed"]
    index(batch_id, waiting, sha256())
    assert batches.finish(conn, batch_id) == batches.BatchSummary(batch_id, 2, 0, 0, 0, ())


def test_a_better_transcript_closes_the_review_of_the_old_one(
    conn: Any, source: str, batch: Make, index: Make, sha256: Make
) -> None:
    batch_id, (one,) = batch(1)
    audio = sha256()
    index(batch_id, one, audio, needs_review=True)
    batches.finish(conn, batch_id)
    assert states(conn, source) == ["in_review"]
    index(batch_id, one, audio, fingerprint="f2")
    batches.finish(conn, batch_id)
    assert states(conn, source) == ["indexed"]
    assert reviews.open_items(conn, source) == []


def test_a_recording_in_review_can_be_requeued(conn: Any, source: str, batch: Make) -> None:
    batch_id, (one,) = batch(1)
    ask(conn, batch_id, one)
    batches.finish(conn, batch_id)
    ledger.requeue(conn, one)
    assert len(batches.plan(conn, source)) == 1
    assert states(conn, source) == ["claimed"]


def test_an_earlier_transcript_does_not_finish_a_failed_item(
    conn: Any, source: str, batch: Make, index: Make, passes: Make, sha256: Make
) -> None:
    batch_id, (one,) = batch(1)
    audio = sha256()
    index(batch_id, one, audio)
    batches.finish(conn, batch_id)
    ledger.requeue(conn, one)
    (again,) = batches.plan(conn, source)
    passes(again, "normalize", {one: audio})  # and transcribe failed
    assert batches.finish(conn, again).unfinished == (one,)
    assert states(conn, source) == ["claimed"]
    assert progress.current_transcript(conn, one) is not None


def test_an_earlier_review_does_not_finish_an_item(
    conn: Any, source: str, batch: Make, index: Make, passes: Make, sha256: Make
) -> None:
    batch_id, (noisy, doubtful) = batch(2)
    ask(conn, batch_id, noisy)
    audio = sha256()
    index(batch_id, doubtful, audio, needs_review=True)
    assert batches.finish(conn, batch_id).in_review == 2
    for id_ in (noisy, doubtful):
        ledger.requeue(conn, id_)
    (again,) = batches.plan(conn, source)
    passes(again, "normalize", {noisy: sha256(), doubtful: audio})  # and the run died
    assert batches.finish(conn, again).unfinished == (noisy, doubtful)
    assert states(conn, source) == ["claimed", "claimed"]


def test_a_recording_refused_by_elasticsearch_is_unfinished_with_its_reason(
    conn: Any, batch: Make, passes: Make, load: Make, sha256: Make
) -> None:
    batch_id, (refused, waiting, lost) = batch(3)
    load(batch_id, refused, sha256())
    load(batch_id, waiting, sha256())
    due = min(publications.pending(conn, batch_id=batch_id), key=attrgetter("transcript_id"))
    publications.mark_failed(conn, due.id, "mapper_parsing_exception")
    summary = batches.finish(conn, batch_id)
    assert summary.unfinished == (refused, waiting, lost)
    assert summary.unpublished == ((refused, "mapper_parsing_exception"), (waiting, ""))
