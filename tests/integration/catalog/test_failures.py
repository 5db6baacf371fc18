"""The consequences of a failure: quarantine, another attempt, or a restored state."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from mediaindex.catalog.base.connection import clock
from mediaindex.catalog.batches import batches, failures, stage_runs
from mediaindex.catalog.batches.failures import Failure
from mediaindex.catalog.batches.retry_policy import RetryPolicy
from mediaindex.catalog.ledger import ledger
from mediaindex.contract.job import ItemError, ItemResult, JobResult
from mediaindex.contract.states import ItemStatus, Lane, ObjectState, StateReason
from mediaindex.errors import ErrorCode, FailureClass, TerminalError

pytestmark = pytest.mark.servers
Make = Callable[..., Any]

NOW = RetryPolicy(transient_attempts=3, doubtful_attempts=2, first_wait_s=0.0)
LATER = RetryPolicy()
BUSY = Failure(ErrorCode.S3_BUSY, "S3 answers 503", FailureClass.TRANSIENT, "normalize")
CRASH = Failure(ErrorCode.CRASHED, "ended by SIGSEGV", FailureClass.DOUBTFUL, "transcribe")


def state(conn: Any, id_: int) -> ledger.MediaObject:
    return ledger.find(conn, ids=[id_])[0]


def test_a_transient_failure_is_requeued_until_its_attempts_are_used_up(conn: Any, source: str, batch: Make) -> None:
    batch_id, (one,) = batch(1)
    for attempt in (1, 2):
        assert failures.settle(conn, batch_id, {one: BUSY}, NOW).put_back == (one,)
        waiting = state(conn, one)
        assert (waiting.state, waiting.reason_code, waiting.reason_class) == ("claimed", "s3_busy", "transient")
        assert waiting.attempts == attempt
        assert batches.items(conn, batch_id) == []
        (batch_id,) = batches.plan(conn, source)
    assert failures.settle(conn, batch_id, {one: BUSY}, NOW).quarantined == (one,)
    ended = state(conn, one)
    assert (ended.state, ended.reason_code, ended.reason_class) == ("quarantined", "s3_busy", "transient")
    assert str(ended.reason).startswith("given up after 3 tries")
    moves = [(move.to_state, move.reason_class, move.attempts) for move in ledger.history(conn, one)]
    assert moves == [
        ("claimed", None, 0),
        ("claimed", "transient", 1),
        ("claimed", "transient", 2),
        ("quarantined", "transient", 2),
    ]


def test_a_waiting_object_is_not_planned_before_its_time(conn: Any, source: str, batch: Make) -> None:
    batch_id, (one,) = batch(1)
    failures.settle(conn, batch_id, {one: BUSY}, LATER)
    assert batches.plan(conn, source) == []
    assert source not in batches.due_sources(conn)
    with conn.cursor() as cursor:
        cursor.execute("update media_object set not_before = now() where id = %s", (one,))
    assert source in batches.due_sources(conn)
    assert len(batches.plan(conn, source)) == 1


def test_waits_grow_and_are_equal_within_a_failure(conn: Any, batch: Make) -> None:
    batch_id, (one, other) = batch(2)
    before = clock(conn)
    failures.settle(conn, batch_id, {one: BUSY, other: BUSY}, LATER)
    after = clock(conn)
    first, second = state(conn, one).not_before, state(conn, other).not_before
    assert first is not None
    assert first == second
    assert before + timedelta(seconds=LATER.wait_s(1, 0.0)) <= first <= after + timedelta(seconds=LATER.wait_s(1, 1.0))


def test_the_lane_is_kept(conn: Any, source: str, listed: Make) -> None:
    (one,) = ledger.claim(conn, source, listed(1))
    (batch_id,) = batches.plan(conn, source, lane=Lane.BACKFILL)
    failures.settle(conn, batch_id, {one.id: BUSY}, NOW)
    batches.plan(conn, source, lane=Lane.FRESH)
    assert [batch.lane for batch in batches.unstarted(conn, source) if batch.id != batch_id] == ["backfill"]


def test_a_doubtful_object_gets_its_own_batch(conn: Any, source: str, batch: Make) -> None:
    batch_id, objects = batch(4)
    failures.settle(conn, batch_id, {objects[0]: CRASH, **dict.fromkeys(objects[1:], BUSY)}, NOW)
    planned = [[i.media_object_id for i in batches.items(conn, one)] for one in batches.plan(conn, source)]
    assert sorted(planned) == sorted([[objects[0]], objects[1:]])


def test_items_of_dead_runs_get_smaller_batches(conn: Any, source: str, batch: Make) -> None:
    _, objects = batch(8)
    dead = Failure(ErrorCode.RUN_FAILED, "the run died", FailureClass.TRANSIENT)
    batch_of = {id_: state_batch(conn, id_) for id_ in objects}
    for size in (4, 2, 1):
        for batch_id in set(batch_of.values()):
            mine = {id_: dead for id_ in objects if batch_of[id_] == batch_id}
            failures.settle(conn, batch_id, mine, RetryPolicy(first_wait_s=0.0))
        planned = batches.plan(conn, source, max_items=8)
        assert {len(batches.items(conn, one)) for one in planned} == {size}
        batch_of = {id_: state_batch(conn, id_) for id_ in objects}


def state_batch(conn: Any, id_: int) -> int:
    with conn.cursor() as cursor:
        cursor.execute("select batch_id from media_object where id = %s", (id_,))
        return int(cursor.fetchone()[0])


def test_a_terminal_failure_quarantines_immediately(conn: Any, batch: Make, fails: Make) -> None:
    batch_id, (one,) = batch(1)
    assert fails(batch_id, "normalize", one).quarantined == (one,)
    assert state(conn, one).reason_class == "terminal"


@pytest.mark.parametrize(("code", "ledger_code"), [(ErrorCode.GONE, "gone"), (ErrorCode.CHANGED, "replaced")])
def test_an_object_that_left_the_bucket_is_gone_and_not_quarantined(
    conn: Any, batch: Make, code: ErrorCode, ledger_code: str
) -> None:
    batch_id, (one,) = batch(1)
    error = ItemError(failure_class=FailureClass.TERMINAL, code=code, message="the object is no longer there")
    result = JobResult(stage="normalize", items=(ItemResult(id=str(one), status=ItemStatus.FAILED, error=error),))
    assert stage_runs.record(conn, batch_id, result).gone == (one,)
    assert (state(conn, one).state, state(conn, one).reason_code) == ("gone", ledger_code)


def test_a_transient_failure_stays_in_the_batch_until_the_last_try(conn: Any, batch: Make) -> None:
    batch_id, (one,) = batch(1)
    error = ItemError(failure_class=FailureClass.TRANSIENT, code=ErrorCode.S3_BUSY, message="503")
    result = JobResult(stage="normalize", items=(ItemResult(id=str(one), status=ItemStatus.FAILED, error=error),))
    assert stage_runs.record(conn, batch_id, result).transient == (one,)
    assert len(batches.items(conn, batch_id)) == 1
    assert stage_runs.record(conn, batch_id, result, last_try=True).put_back == (one,)
    assert batches.items(conn, batch_id) == []


def test_a_doubtful_failure_leaves_the_batch(conn: Any, batch: Make) -> None:
    batch_id, (one,) = batch(1)
    error = ItemError(code=ErrorCode.CRASHED, message="SIGSEGV", failure_class=FailureClass.DOUBTFUL)
    result = JobResult(stage="normalize", items=(ItemResult(id=str(one), status=ItemStatus.FAILED, error=error),))
    assert stage_runs.record(conn, batch_id, result).put_back == (one,)
    assert state(conn, one).reason_class == "doubtful"


def test_a_final_state_and_a_requeue_reset_the_attempts(conn: Any, source: str, batch: Make) -> None:
    batch_id, (one, other) = batch(2)
    failures.settle(conn, batch_id, {one: BUSY, other: BUSY}, LATER)
    ledger.set_state(conn, one, ObjectState.IN_REVIEW, code=StateReason.REVIEW_TRIAGE, reason="noise")
    ledger.requeue(conn, other, code=StateReason.REQUEUED, reason="by hand")
    for id_ in (one, other):
        assert (state(conn, id_).attempts, state(conn, id_).not_before, state(conn, id_).reason_class) == (
            0,
            None,
            None,
        )
    assert len(batches.plan(conn, source)) == 1


def test_late_failures_of_an_object_outside_the_batch_are_ignored(conn: Any, batch: Make) -> None:
    batch_id, (one,) = batch(1)
    ledger.requeue(conn, one, in_progress=True)
    assert failures.settle(conn, batch_id, {one: BUSY}, NOW) == failures.Fates()
    assert state(conn, one).attempts == 0


def test_an_unknown_batch_is_named(conn: Any) -> None:
    for act in (lambda: batches.finish(conn, 2**40), lambda: batches.take_over(conn, 2**40, "index_recordings", "r")):
        with pytest.raises(TerminalError, match="not in the catalog") as caught:
            act()
        assert caught.value.code == "unknown_batch"
