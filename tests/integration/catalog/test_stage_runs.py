from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from mediaindex.catalog.base.connection import connect
from mediaindex.catalog.batches import batches, stage_runs
from mediaindex.catalog.ledger import ledger
from mediaindex.contract.job import ItemError, ItemResult, JobResult
from mediaindex.contract.states import ItemStatus
from mediaindex.errors import ErrorCode, FailureClass, TerminalError

pytestmark = pytest.mark.servers
Make = Callable[..., Any]


def state(conn: Any, id_: int) -> ledger.MediaObject:
    return ledger.find(conn, ids=[id_])[0]


def test_a_terminal_failure_quarantines_that_item_alone(
    conn: Any, batch: Make, passes: Make, fails: Make, sha256: Make
) -> None:
    batch_id, (good, bad) = batch(2)
    passes(batch_id, "normalize", {good: sha256()})
    assert fails(batch_id, "normalize", bad).quarantined == (bad,)
    ended = state(conn, bad)
    assert (ended.state, ended.reason_code) == ("quarantined", "no_audio_stream")
    assert ended.reason == "clip.wav: has no sound\ufffd; give one that has"
    assert [item.media_object_id for item in batches.items(conn, batch_id)] == [good]


def test_a_transient_failure_does_not_change_the_item(conn: Any, batch: Make, fails: Make) -> None:
    batch_id, (one,) = batch(1)
    assert fails(batch_id, "normalize", one, "transient").transient == (one,)
    assert state(conn, one).state == "claimed"
    assert len(batches.items(conn, batch_id, stage="normalize")) == 1


def test_recording_again_adds_an_attempt_and_changes_nothing(
    conn: Any, batch: Make, passes: Make, sha256: Make
) -> None:
    batch_id, (one,) = batch(1)
    audio = sha256()
    passes(batch_id, "normalize", {one: audio})
    before = batches.items(conn, batch_id), state(conn, one)
    passes(batch_id, "normalize", {one: audio})
    assert (batches.items(conn, batch_id), state(conn, one)) == before
    with conn.cursor() as cursor:
        cursor.execute("select count(*), sum(cpu_s) from stage_run where media_object_id = %s", (one,))
        assert cursor.fetchone() == (2, 3.0)


def test_parallel_stages_record_without_waiting(
    database_url: str, batch: Make, passes: Make, sha256: Make, conn: Any
) -> None:
    batch_id, objects = batch(20)
    audio = {id_: sha256() for id_ in objects}
    passes(batch_id, "normalize", audio)
    start = Barrier(3)
    side_by_side = ("detect_speech", "diarize", "identify_language")

    def record(stage: str) -> None:
        items = [
            ItemResult(id=str(id_), status=ItemStatus.CACHED, audio_sha256=audio[id_], fingerprint=stage)
            for id_ in objects
        ]
        with connect(database_url) as own:
            start.wait()
            for _ in range(10):
                items.reverse()
                stage_runs.record(own, batch_id, JobResult(stage=stage, items=tuple(items)))

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(record, side_by_side))
    assert all(set(item.upstream) == {"normalize", *side_by_side} for item in batches.items(conn, batch_id))


def test_the_second_object_with_the_same_audio_is_a_duplicate(
    conn: Any, batch: Make, passes: Make, sha256: Make
) -> None:
    batch_id, (first, second) = batch(2)
    assert passes(batch_id, "normalize", dict.fromkeys((second, first), sha256())).duplicates == (second,)
    assert state(conn, first).state == "claimed"
    assert state(conn, second).state == "duplicate"
    assert "clip 00000.wav" in str(state(conn, second).reason)


def test_a_second_normalize_keeps_the_primary(conn: Any, batch: Make, passes: Make, sha256: Make) -> None:
    batch_id, (first,) = batch(1)
    audio = {first: sha256()}
    assert passes(batch_id, "normalize", audio).duplicates == passes(batch_id, "normalize", audio).duplicates == ()


def test_a_new_object_replaces_a_quarantined_primary(
    conn: Any, batch: Make, passes: Make, fails: Make, sha256: Make
) -> None:
    audio = sha256()
    old_batch, (old,) = batch(1)
    passes(old_batch, "normalize", {old: audio})
    fails(old_batch, "transcribe", old)
    new_batch, (new,) = batch(1, start=1)
    assert passes(new_batch, "normalize", {new: audio}).duplicates == ()


def test_one_of_many_new_objects_replaces_the_primary(
    database_url: str, conn: Any, batch: Make, passes: Make, fails: Make, sha256: Make
) -> None:
    audio = sha256()
    old_batch, (old,) = batch(1)
    passes(old_batch, "normalize", {old: audio})
    fails(old_batch, "transcribe", old)
    work = [batch(1, start=1 + n) for n in range(8)]
    start = Barrier(8)

    def arrive(number: int) -> int:
        batch_id, (one,) = work[number]
        items = (ItemResult(id=str(one), status=ItemStatus.DONE, audio_sha256=audio, fingerprint="n"),)
        with connect(database_url) as own:
            start.wait()
            return len(stage_runs.record(own, batch_id, JobResult(stage="normalize", items=items)).duplicates)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(arrive, range(8))) == 7


def test_parallel_failures_of_an_item_give_one_reason(database_url: str, conn: Any, batch: Make) -> None:
    batch_id, objects = batch(20)
    start = Barrier(3)
    codes = {
        "detect_speech": ErrorCode.BAD_ARTIFACT,
        "diarize": ErrorCode.DECODE_FAILED,
        "identify_language": ErrorCode.LANGUAGE_UNSUPPORTED,
    }

    def fail(stage: str) -> None:
        error = ItemError(code=codes[stage], message="cannot be read", failure_class=FailureClass.TERMINAL)
        order = objects if stage == "diarize" else objects[::-1]
        items = tuple(ItemResult(id=str(id_), status=ItemStatus.FAILED, error=error) for id_ in order)
        with connect(database_url) as own:
            start.wait()
            stage_runs.record(own, batch_id, JobResult(stage=stage, items=items))

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(fail, codes))
    for id_ in objects:
        assert [move.to_state for move in ledger.history(conn, id_)] == ["claimed", "quarantined"]


def test_eight_batches_with_the_same_recordings_give_one_primary_each(
    database_url: str, conn: Any, batch: Make, sha256: Make
) -> None:
    audio = [sha256() for _ in range(5)]
    work = [batch(5, start=5 * n) for n in range(8)]
    start = Barrier(8)

    def record(number: int) -> int:
        batch_id, objects = work[number]
        order = audio if number % 2 else audio[::-1]
        items = tuple(
            ItemResult(id=str(id_), status=ItemStatus.DONE, audio_sha256=one, fingerprint="n")
            for id_, one in zip(objects, order, strict=True)
        )
        with connect(database_url) as own:
            start.wait()
            return len(stage_runs.record(own, batch_id, JobResult(stage="normalize", items=items)).duplicates)

    with ThreadPoolExecutor(8) as pool:
        duplicates = sum(pool.map(record, range(8)))
    assert duplicates == 35
    alive = [item.audio_sha256 for batch_id, _ in work for item in batches.items(conn, batch_id)]
    assert sorted(map(str, alive)) == sorted(audio)


def test_a_late_result_does_not_change_a_requeued_object(conn: Any, batch: Make, fails: Make) -> None:
    batch_id, (one,) = batch(1)
    ledger.requeue(conn, one, in_progress=True)
    assert fails(batch_id, "normalize", one).quarantined == ()
    assert state(conn, one).state == "claimed"


def costs(conn: Any, id_: int) -> int:
    with conn.cursor() as cursor:
        cursor.execute("select count(*) from stage_run where media_object_id = %s", (id_,))
        return int(cursor.fetchone()[0])


def test_only_costs_are_recorded_for_an_object_that_left_its_batch(
    conn: Any, batch: Make, passes: Make, sha256: Make
) -> None:
    audio = sha256()
    batch_id, (left, stayed) = batch(2)
    ledger.requeue(conn, left, in_progress=True)
    recorded = passes(batch_id, "normalize", {left: audio, stayed: audio})
    assert (recorded.done, recorded.duplicates) == ((stayed,), ())
    assert (state(conn, left).audio_sha256, state(conn, stayed).audio_sha256) == (None, audio)
    assert (costs(conn, left), costs(conn, stayed)) == (1, 1)
    (again,) = batches.plan(conn, state(conn, left).source)
    assert batches.items(conn, again)[0].upstream == {}


def test_a_late_result_does_not_revive_a_quarantined_object(
    conn: Any, batch: Make, passes: Make, fails: Make, sha256: Make
) -> None:
    batch_id, (one,) = batch(1)
    fails(batch_id, "detect_speech", one)
    assert passes(batch_id, "normalize", {one: sha256()}).done == ()
    assert (state(conn, one).state, state(conn, one).audio_sha256) == ("quarantined", None)


@pytest.mark.parametrize("id_", ["1099511627776", "x", "-1"])
def test_a_result_for_an_unknown_item_is_refused(conn: Any, batch: Make, id_: str) -> None:
    batch_id, _ = batch(1)
    result = JobResult(stage="normalize", items=(ItemResult(id=id_, status=ItemStatus.DONE, fingerprint="f"),))
    with pytest.raises(TerminalError) as caught:
        stage_runs.record(conn, batch_id, result)
    assert caught.value.code == "bad_result"
