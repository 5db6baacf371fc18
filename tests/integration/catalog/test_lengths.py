"""Plans follow the real lengths of recordings, and a source has a quota per day."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from mediaindex.catalog.batches import batches, lengths, stage_runs
from mediaindex.catalog.ledger import lines as ledger_lines
from mediaindex.catalog.ledger.lines import Wanted
from mediaindex.contract.job import ItemResult, JobResult
from mediaindex.contract.states import ItemStatus

pytestmark = pytest.mark.servers
Make = Callable[..., Any]


def normalized(conn: Any, batch_id: int, seconds: dict[int, float]) -> None:
    """Record that the recordings have these lengths."""
    results = [
        ItemResult(
            id=str(id_),
            status=ItemStatus.DONE,
            audio_sha256=hashlib.sha256(f"{batch_id} {id_}".encode()).hexdigest(),
            fingerprint="f",
            summary={"duration": length},
        )
        for id_, length in seconds.items()
    ]
    stage_runs.record(conn, batch_id, JobResult(stage="normalize", items=tuple(results)))


def members(conn: Any, batch_id: int) -> list[int]:
    return [item.media_object_id for item in batches.items(conn, batch_id)]


def test_a_recording_that_is_far_longer_than_planned_is_planned_again_alone(
    conn: Any, source: str, batch: Make
) -> None:
    batch_id, (short, long, other) = batch(3)
    normalized(conn, batch_id, {short: 20.0, long: 3600.0, other: 400.0})
    assert lengths.plan_again(conn, batch_id, 300.0) == [long]
    assert members(conn, batch_id) == [short, other]
    (alone,) = batches.plan(conn, source)
    assert members(conn, alone) == [long]
    normalized(conn, alone, {long: 3600.0})
    assert lengths.plan_again(conn, alone, 300.0) == []


def test_only_recordings_that_are_still_in_work_are_planned_again(conn: Any, batch: Make, fails: Make) -> None:
    batch_id, (given_up, long) = batch(2)
    normalized(conn, batch_id, {given_up: 3600.0, long: 3600.0})
    fails(batch_id, "detect_speech", given_up)
    assert lengths.plan_again(conn, batch_id, 300.0) == []  # alone, for the other one waits for nothing


def test_a_recording_that_was_given_up_stays_in_its_batch(conn: Any, batch: Make, fails: Make) -> None:
    batch_id, (given_up, *others) = batch(3)
    normalized(conn, batch_id, {given_up: 3600.0, **dict.fromkeys(others, 20.0)})
    fails(batch_id, "detect_speech", given_up)
    assert lengths.plan_again(conn, batch_id, 300.0) == []


def test_known_lengths_decide_which_recordings_share_a_batch(conn: Any, source: str, batch: Make) -> None:
    batch_id, (short, long, other) = batch(3)
    normalized(conn, batch_id, {short: 20.0, long: 3600.0, other: 20.0})
    with conn, conn.cursor() as cursor:
        cursor.execute("update media_object set batch_id = null where id = any (%s)", ([short, long, other],))
    planned = [members(conn, one) for one in batches.plan(conn, source)]
    assert sorted(planned) == sorted([[short, other], [long]])


def test_what_exceeds_the_quota_of_the_day_waits(conn: Any, source: str, batch: Make) -> None:
    batch_id, ids = batch(4)
    with conn, conn.cursor() as cursor:
        cursor.execute("update media_object set batch_id = null where id = any (%s)", (ids[2:],))
    normalized(conn, batch_id, dict.fromkeys(ids[:2], 1800.0))
    assert batches.plan(conn, source, quota_seconds=3600.0) == []
    waiting = {line.id for line in ledger_lines.lines(conn, Wanted(source=source)) if line.awaits_quota}
    assert waiting == set(ids[2:])
    with conn, conn.cursor() as cursor:
        cursor.execute("update batch set created_at = created_at - interval '1 day' where id = %s", (batch_id,))
    assert len(batches.plan(conn, source, quota_seconds=3600.0)) == 1
    assert not any(line.awaits_quota for line in ledger_lines.lines(conn, Wanted(source=source)))


def test_a_recording_longer_than_the_quota_is_planned_on_a_day_of_its_own(conn: Any, source: str, batch: Make) -> None:
    batch_id, (one,) = batch(1)
    normalized(conn, batch_id, {one: 7200.0})
    with conn, conn.cursor() as cursor:
        cursor.execute("update media_object set batch_id = null where id = %s", (one,))
    assert len(batches.plan(conn, source, quota_seconds=3600.0)) == 1
