"""Sweep after dead runs, and requeue transcripts by a fallback."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mediaindex.catalog.batches import batches, stage_runs, sweeping
from mediaindex.catalog.batches.retry_policy import RetryPolicy
from mediaindex.catalog.ledger import ledger
from mediaindex.catalog.transcripts import publications, transcripts
from mediaindex.contract.job import ItemResult, JobResult
from mediaindex.contract.states import ItemStatus, ObjectState
from mediaindex.errors import ErrorCode

pytestmark = pytest.mark.servers
Make = Callable[..., Any]
NOW = RetryPolicy(first_wait_s=0.0)


@pytest.fixture
def load(conn: Any, passes: Make, assessed: Make) -> Make:
    """Take an object of a batch to a loaded transcript that waits for Elasticsearch."""

    def take(batch_id: int, id_: int, audio: str, fallback: str | None = None) -> int:
        passes(batch_id, "normalize", {id_: audio})
        mark = f"find_topics-{id_}-{fallback}"  # what reads another recognition is another computation
        item = ItemResult(id=str(id_), status=ItemStatus.DONE, audio_sha256=audio, fingerprint=mark)
        stage_runs.record(conn, batch_id, JobResult(stage="find_topics", items=(item,)))
        assessment, topics = assessed()
        return transcripts.load(
            conn, media_object_id=id_, audio_sha256=audio, assessment=assessment, topics=topics,
            fingerprint=mark, fallback=fallback,
        )  # fmt: skip

    return take


def publish(conn: Any, batch_id: int) -> None:
    for due in publications.pending(conn, batch_id=batch_id):
        publications.mark_published(conn, due.id)


def started(conn: Any, batch_id: int) -> sweeping.StartedBatch:
    return next(one for one in sweeping.started(conn) if one.id == batch_id)


def state(conn: Any, id_: int) -> tuple[str, str | None, int]:
    (one,) = ledger.find(conn, ids=[id_])
    return one.state, one.reason_code, one.attempts


def test_a_batch_is_started_until_it_is_finished(conn: Any, batch: Make) -> None:
    batch_id, (one,) = batch(1)
    assert batch_id not in [found.id for found in sweeping.started(conn)]
    batches.mark_started(conn, batch_id, f"batch_{batch_id}")
    assert started(conn, batch_id).dag_id is None
    batches.take_over(conn, batch_id, "index_recordings", "manual_1")
    found = started(conn, batch_id)
    assert (found.dag_id, found.dag_run_id) == ("index_recordings", "manual_1")
    ledger.set_state(conn, one, ObjectState.QUARANTINED, code=ErrorCode.NO_AUDIO_STREAM, reason="silence")
    batches.finish(conn, batch_id)
    assert batch_id not in [found.id for found in sweeping.started(conn)]


def test_items_of_a_dead_run_are_requeued_and_the_batch_is_finished(
    conn: Any, source: str, batch: Make, load: Make, sha256: Make
) -> None:
    batch_id, (done, left) = batch(2)
    batches.take_over(conn, batch_id, "index_recordings", f"batch_{batch_id}")
    load(batch_id, done, sha256())
    publish(conn, batch_id)
    assert sweeping.sweep(conn, started(conn, batch_id), NOW).put_back == (left,)
    assert (state(conn, done)[0], state(conn, left)) == ("indexed", ("claimed", "run_failed", 1))
    assert batch_id not in [found.id for found in sweeping.started(conn)]
    (again,) = batches.plan(conn, source)
    assert [item.media_object_id for item in batches.items(conn, again)] == [left]


def test_a_recording_whose_runs_always_die_is_given_up_as_transient(conn: Any, source: str, batch: Make) -> None:
    batch_id, (one,) = batch(1)
    for _ in range(2):
        batches.take_over(conn, batch_id, "index_recordings", f"batch_{batch_id}")
        sweeping.sweep(conn, started(conn, batch_id), RetryPolicy(transient_attempts=3, first_wait_s=0.0))
        (batch_id,) = batches.plan(conn, source)
    batches.take_over(conn, batch_id, "index_recordings", f"batch_{batch_id}")
    swept = sweeping.sweep(conn, started(conn, batch_id), RetryPolicy(transient_attempts=3, first_wait_s=0.0))
    assert swept.quarantined == (one,)
    (ended,) = ledger.find(conn, ids=[one])
    assert (ended.state, ended.reason_code, ended.reason_class) == ("quarantined", "run_failed", "transient")


def test_an_item_that_waits_for_elasticsearch_is_not_requeued(conn: Any, batch: Make, load: Make, sha256: Make) -> None:
    batch_id, (one,) = batch(1)
    batches.take_over(conn, batch_id, "index_recordings", f"batch_{batch_id}")
    load(batch_id, one, sha256())
    assert sweeping.sweep(conn, started(conn, batch_id), NOW) == sweeping.Swept(waiting=(one,))
    publish(conn, batch_id)  # the outbox, later
    assert sweeping.sweep(conn, started(conn, batch_id), NOW) == sweeping.Swept()
    assert state(conn, one)[0] == "indexed"
    assert batch_id not in [found.id for found in sweeping.started(conn)]


def transcribed(conn: Any, batch_id: int, id_: int, audio: str, *, engine: str, fallback: str | None) -> None:
    summary = {"recogniser": "whisper" if fallback else "main", "fallback": fallback, "languages": ["en"]}
    item = ItemResult(
        id=str(id_), status=ItemStatus.DONE, audio_sha256=audio, fingerprint="t", engine=engine, summary=summary
    )
    stage_runs.record(conn, batch_id, JobResult(stage="transcribe", items=(item,)))


def test_a_fallback_is_requeued_after_the_preferred_recogniser_works(
    conn: Any, source: str, batch: Make, load: Make, sha256: Make
) -> None:
    batch_id, (one,) = batch(1)
    audio = sha256()
    transcribed(conn, batch_id, one, audio, engine="missing main; whisper", fallback="main: no weights")
    load(batch_id, one, audio, fallback="main: no weights")
    publish(conn, batch_id)
    batches.finish(conn, batch_id)
    assert sweeping.with_fallback(conn, source=source) == [one]
    assert one not in sweeping.with_fallback(conn, only_back=True)

    other_batch, (other, third) = batch(2, start=1)
    other_audio, third_audio = sha256(), sha256()
    transcribed(conn, other_batch, other, other_audio, engine="missing main; whisper", fallback="main: no weights")
    assert one not in sweeping.with_fallback(conn, only_back=True)  # still away
    transcribed(conn, other_batch, third, third_audio, engine="main 1; whisper", fallback=None)
    assert one in sweeping.requeue_fallbacks(conn, 1_000)
    assert state(conn, one)[:2] == ("claimed", "recogniser_is_back")
    # Where it fails again, or comes from the same cache, it is not sent round and round.
    (again,) = batches.plan(conn, source)
    transcribed(conn, again, one, audio, engine="main 1; whisper", fallback="main: no weights")
    ledger.set_state(conn, one, ObjectState.INDEXED)
    assert one not in sweeping.with_fallback(conn, only_back=True)


MAIN, WITHOUT = "main 1; whisper", "without main; whisper"


def test_a_recovered_recogniser_gives_one_more_attempt(
    conn: Any, source: str, batch: Make, load: Make, sha256: Make
) -> None:
    # The same weights before and after; while they failed, the engines were named without them.
    first_batch, (before,) = batch(1)
    transcribed(conn, first_batch, before, sha256(), engine=MAIN, fallback=None)
    batch_id, (one, other) = batch(2, start=1)
    audio = {one: sha256(), other: sha256()}
    for id_ in (one, other):
        transcribed(conn, batch_id, id_, audio[id_], engine=WITHOUT, fallback="main was set aside: lost")
        load(batch_id, id_, audio[id_], fallback="main was set aside: lost")
    publish(conn, batch_id)
    batches.finish(conn, batch_id)
    assert not {one, other} & set(sweeping.requeue_fallbacks(conn, 1_000))  # still failing

    later, (new,) = batch(1, start=3)
    transcribed(conn, later, new, sha256(), engine=MAIN, fallback=None)
    assert {one, other} <= set(sweeping.requeue_fallbacks(conn, 1_000))
    assert not {one, other} & set(sweeping.requeue_fallbacks(conn, 1_000))  # they are under way
    (again,) = batches.plan(conn, source)
    for id_ in (one, other):
        transcribed(conn, again, id_, audio[id_], engine=MAIN, fallback=None)
        load(again, id_, audio[id_])
    publish(conn, again)
    batches.finish(conn, again)
    assert not {one, other} & set(sweeping.with_fallback(conn))
    transcribed(conn, later, new, sha256(), engine=MAIN, fallback=None)
    assert not {one, other} & set(sweeping.requeue_fallbacks(conn, 1_000))


def test_a_recogniser_that_fails_for_one_recording_is_not_tried_forever(
    conn: Any, source: str, batch: Make, load: Make, sha256: Make
) -> None:
    batch_id, (one,) = batch(1)
    other_batch, (other,) = batch(1, start=1)
    audio, sent = sha256(), 0
    transcribed(conn, batch_id, one, audio, engine=WITHOUT, fallback="main was set aside: lost")
    load(batch_id, one, audio, fallback="main was set aside: lost")
    publish(conn, batch_id)
    batches.finish(conn, batch_id)
    for _ in range(sweeping.TIMES_BACK + 2):
        transcribed(conn, other_batch, other, sha256(), engine=MAIN, fallback=None)
        if one in sweeping.requeue_fallbacks(conn, 1_000):
            sent += 1
            (again,) = batches.plan(conn, source)
            transcribed(conn, again, one, audio, engine=WITHOUT, fallback="main was set aside: lost")
            load(again, one, audio, fallback="main was set aside: lost")
            publish(conn, again)
            batches.finish(conn, again)
    assert (sent, state(conn, one)[0]) == (sweeping.TIMES_BACK, "indexed")
    assert sweeping.with_fallback(conn, source=source) == [one]  # a person may still send it
