"""A failed reprocessing keeps the earlier results."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mediaindex.catalog.batches import batches, failures, stage_runs, sweeping
from mediaindex.catalog.batches import batches as progress
from mediaindex.catalog.batches.failures import Failure
from mediaindex.catalog.batches.retry_policy import RetryPolicy
from mediaindex.catalog.ledger import ledger
from mediaindex.catalog.transcripts import publications, reviews, transcripts
from mediaindex.contract.job import ItemError, ItemResult, JobResult
from mediaindex.contract.states import Decision, ItemStatus, ReviewKind, StateReason
from mediaindex.errors import ErrorCode, FailureClass

pytestmark = pytest.mark.servers
Make = Callable[..., Any]
FEW_TRIES = RetryPolicy(transient_attempts=2, doubtful_attempts=1, first_wait_s=0.0)
BUSY = Failure(ErrorCode.S3_BUSY, "S3 answers 503", FailureClass.TRANSIENT, "transcribe")


@pytest.fixture
def load(conn: Any, passes: Make, assessed: Make) -> Make:
    """Take an object of a batch to a published transcript; its id."""

    def take(batch_id: int, id_: int, audio: str, *, question: bool = False, fingerprint: str = "f1") -> int:
        passes(batch_id, "normalize", {id_: audio})
        done = ItemResult(id=str(id_), status=ItemStatus.DONE, audio_sha256=audio, fingerprint=fingerprint)
        stage_runs.record(conn, batch_id, JobResult(stage="find_topics", items=(done,)))
        assessment, topics = assessed(needs_review=question)
        loaded = transcripts.load(
            conn, media_object_id=id_, audio_sha256=audio, assessment=assessment, topics=topics, fingerprint=fingerprint
        )
        if question:
            reviews.file(conn, id_, kind=ReviewKind.ASSESSMENT, transcript_id=loaded, reasons=assessment.reasons)
        publish(conn, batch_id)
        return loaded

    return take


@pytest.fixture
def again(conn: Any, source: str, batch: Make, load: Make, sha256: Make) -> Make:
    """An object that was indexed, or in review, is in a batch again: that batch, its id, audio and transcript."""

    def build(*, question: bool = False) -> tuple[int, int, str, int]:
        batch_id, (one,) = batch(1)
        audio = sha256()
        loaded = load(batch_id, one, audio, question=question)
        batches.finish(conn, batch_id)
        ledger.requeue(conn, one, code=StateReason.REPROCESS, reason="asked for")
        (second,) = batches.plan(conn, source)
        return second, one, audio, loaded

    return build


def publish(conn: Any, batch_id: int) -> None:
    for due in publications.pending(conn, batch_id=batch_id):
        publications.mark_published(conn, due.id)


def state(conn: Any, id_: int) -> ledger.MediaObject:
    return ledger.find(conn, ids=[id_])[0]


def current(conn: Any, audio: str) -> int | None:
    with conn.cursor() as cursor:
        cursor.execute("select id from transcript where audio_sha256 = %s and is_current", (audio,))
        row = cursor.fetchone()
        return int(row[0]) if row else None


def withdrawn(conn: Any, audio: str) -> bool:
    return any(due.kind == "withdraw" for due in publications.pending(conn, 10_000, audios=[audio]))


def fails(conn: Any, batch_id: int, id_: int, code: ErrorCode) -> stage_runs.Recorded:
    error = ItemError(failure_class=FailureClass.TERMINAL, code=code, message="s3://b/k: S3 says so")
    return stage_runs.record(
        conn,
        batch_id,
        JobResult(stage="normalize", items=(ItemResult(id=str(id_), status=ItemStatus.FAILED, error=error),)),
    )


@pytest.mark.parametrize("code", ["no_audio_stream", "gone", "changed"])
def test_a_failed_recording_keeps_its_transcript(conn: Any, again: Make, code: ErrorCode) -> None:
    batch_id, one, audio, transcript = again()
    assert fails(conn, batch_id, one, code).kept == (one,)
    now = state(conn, one)
    assert (now.state, now.reason_code, now.reason_class) == ("indexed", "not_renewed", None)
    assert str(now.reason).endswith(f"the earlier result is kept: {code}: s3://b/k: S3 says so")
    assert (current(conn, audio), withdrawn(conn, audio)) == (transcript, False)
    # The run continues without it and succeeds.
    assert batches.items(conn, batch_id) == []
    assert batches.finish(conn, batch_id).unfinished == ()


def test_a_transient_failure_is_tried_until_its_attempts_are_used_up(conn: Any, source: str, again: Make) -> None:
    batch_id, one, audio, transcript = again()
    assert failures.settle(conn, batch_id, {one: BUSY}, FEW_TRIES).put_back == (one,)
    assert current(conn, audio) == transcript
    (batch_id,) = batches.plan(conn, source)
    assert failures.settle(conn, batch_id, {one: BUSY}, FEW_TRIES).kept == (one,)
    assert (state(conn, one).state, state(conn, one).attempts) == ("indexed", 0)
    assert "given up after 2 tries" in str(state(conn, one).reason)


def test_a_recording_of_dead_runs_is_restored(conn: Any, again: Make) -> None:
    batch_id, one, _, _ = again()
    batches.take_over(conn, batch_id, "index_recordings", f"batch_{batch_id}")
    (dead,) = [found for found in sweeping.started(conn) if found.id == batch_id]
    assert sweeping.sweep(conn, dead, RetryPolicy(transient_attempts=1)).kept == (one,)
    assert state(conn, one).state == "indexed"
    assert batch_id not in [found.id for found in sweeping.started(conn)]


def test_an_open_review_is_restored(conn: Any, source: str, again: Make) -> None:
    batch_id, one, _, _ = again(question=True)
    fails(conn, batch_id, one, ErrorCode.NO_AUDIO_STREAM)
    now = state(conn, one)
    assert (now.state, now.reason_code) == ("in_review", "review_assessment")
    assert str(now.reason).startswith("confidence 0.4; reprocessing failed")
    assert [item.media_object_id for item in reviews.open_items(conn, source)] == [one]


def test_a_triage_review_is_restored_unless_the_object_is_gone(conn: Any, source: str, batch: Make) -> None:
    batch_id, both = batch(2)
    for one in both:
        batches.set_decision(conn, batch_id, one, Decision.REVIEW, ["noise"])
        reviews.file(conn, one, kind=ReviewKind.TRIAGE, reasons=["noise"])
    batches.finish(conn, batch_id)
    for one in both:
        ledger.requeue(conn, one)
    (second,) = batches.plan(conn, source)
    fails(conn, second, both[0], ErrorCode.TRUNCATED)
    fails(conn, second, both[1], ErrorCode.GONE)
    assert [state(conn, one).state for one in both] == ["in_review", "gone"]


def test_a_gone_object_is_replaced_by_a_copy(conn: Any, source: str, again: Make, batch: Make, passes: Make) -> None:
    batch_id, one, audio, transcript = again()
    copies, (copy,) = batch(1, start=7)
    passes(copies, "normalize", {copy: audio})
    batches.finish(conn, copies)
    assert fails(conn, batch_id, one, ErrorCode.GONE).gone == (one,)
    assert (state(conn, one).state, state(conn, copy).reason_code) == ("gone", "promoted")
    assert current(conn, audio) == transcript


def test_a_recording_without_earlier_results_is_quarantined(conn: Any, batch: Make) -> None:
    batch_id, (one,) = batch(1)
    assert fails(conn, batch_id, one, ErrorCode.NO_AUDIO_STREAM).quarantined == (one,)


def test_an_equal_result_is_no_new_version(conn: Any, again: Make, load: Make) -> None:
    batch_id, one, audio, transcript = again()
    before = publications.pending(conn, 10_000, audios=[audio])
    assert load(batch_id, one, audio) == transcript
    assert publications.pending(conn, 10_000, audios=[audio]) == before == []
    assert batches.finish(conn, batch_id).indexed == 1
    with conn.cursor() as cursor:
        cursor.execute("select count(*) from transcript where audio_sha256 = %s", (audio,))
        assert cursor.fetchone() == (1,)


def test_other_audio_withdraws_the_old_one_after_it_is_indexed(
    conn: Any, again: Make, load: Make, sha256: Make
) -> None:
    batch_id, one, old, transcript = again()
    new = sha256()
    load(batch_id, one, new, fingerprint="f2")
    assert (current(conn, old), withdrawn(conn, old)) == (transcript, False)  # loaded and published, not yet settled
    assert batches.finish(conn, batch_id).indexed == 1
    assert (current(conn, old), withdrawn(conn, old)) == (None, True)
    assert current(conn, new) is not None


def test_a_failure_of_other_audio_keeps_the_old_transcript(conn: Any, again: Make, passes: Make, sha256: Make) -> None:
    batch_id, one, old, transcript = again()
    passes(batch_id, "normalize", {one: sha256()})
    failed = Failure(ErrorCode.MODEL_MISSING, "cannot be", FailureClass.TERMINAL, "transcribe")
    assert failures.settle(conn, batch_id, {one: failed}, FEW_TRIES).kept == (one,)
    assert state(conn, one).audio_sha256 == old
    assert progress.current_transcript(conn, one) == transcript
    assert (current(conn, old), withdrawn(conn, old)) == (transcript, False)
