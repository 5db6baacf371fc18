from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from mediaindex.catalog.base.connection import connect
from mediaindex.catalog.batches import batches
from mediaindex.catalog.ledger import ledger
from mediaindex.contract.states import Decision, Lane
from mediaindex.errors import TerminalError

pytestmark = pytest.mark.servers


def ids(items: list[batches.BatchItem]) -> list[int]:
    return [item.media_object_id for item in items]


def test_a_long_recording_is_a_batch_of_its_own(conn: Any, source: str, listed: Callable[..., Any]) -> None:
    objects = [*listed(2), *listed(1, size=64_000 * 3600, start=2), *listed(2, start=3)]
    claimed = ledger.claim(conn, source, objects)
    planned = [ids(batches.items(conn, batch_id)) for batch_id in batches.plan(conn, source)]
    assert sorted(planned) == sorted([[claimed[2].id], [claimed[n].id for n in (0, 1, 3, 4)]])


def test_a_claimed_object_keeps_its_lane_for_any_planner(conn: Any, source: str, listed: Callable[..., Any]) -> None:
    one, other = listed(2)
    ledger.claim(conn, source, [one], Lane.BACKFILL)
    ledger.claim(conn, source, [other])
    batches.plan(conn, source, lane=Lane.FRESH)
    assert sorted(batch.lane for batch in batches.unstarted(conn, source)) == ["backfill", "fresh"]


def test_parallel_planners_plan_each_object_once(database_url: str, source: str, listed: Callable[..., Any]) -> None:
    with connect(database_url) as conn:
        claimed = ledger.claim(conn, source, listed(3_000))

    start = Barrier(6)

    def plan(_: int) -> list[int]:
        with connect(database_url) as conn:
            start.wait()
            return batches.plan(conn, source, max_items=7)

    with ThreadPoolExecutor(6) as pool, connect(database_url) as conn:
        made = [batch_id for part in pool.map(plan, range(6)) for batch_id in part]
        with conn.cursor() as cursor:
            cursor.execute("select count(*) from batch_item where batch_id = any (%s)", (made,))
            assert cursor.fetchone() == (3_000,)
        planned = [id_ for batch_id in made for id_ in ids(batches.items(conn, batch_id))]
    assert sorted(planned) == sorted(one.id for one in claimed)


def test_a_planner_does_not_wait_for_another(
    conn: Any, database_url: str, source: str, listed: Callable[..., Any]
) -> None:
    one, other = ledger.claim(conn, source, listed(2))
    with connect(database_url) as busy, busy.cursor() as cursor:
        cursor.execute("select from media_object where id = %s for update", (one.id,))
        (planned,) = batches.plan(conn, source)
        assert ids(batches.items(conn, planned)) == [other.id]


def test_a_planned_batch_is_unstarted_until_a_run_is_recorded(
    conn: Any, source: str, batch: Callable[..., Any]
) -> None:
    batch_id, objects = batch(3)
    (offered,) = batches.unstarted(conn, source)
    keys = tuple(f"clip {number:05}.wav" for number in range(len(objects)))
    assert offered == batches.PlannedBatch(batch_id, source, Lane.FRESH, len(objects), 3_000, offered.run_token, keys)
    assert batches.mark_started(conn, batch_id, f"run-{batch_id}")
    assert batches.mark_started(conn, batch_id, f"run-{batch_id}")
    assert not batches.mark_started(conn, batch_id, "another-run")
    assert batches.unstarted(conn, source) == []


def test_items_have_the_results_of_passed_stages(
    conn: Any, batch: Callable[..., Any], passes: Callable[..., Any], sha256: Callable[[], str]
) -> None:
    batch_id, (one, other) = batch(2)
    audio = sha256()
    passes(batch_id, "normalize", {one: audio}, duration=3.5)
    first, second = batches.items(conn, batch_id)
    assert (first.audio_sha256, first.upstream) == (audio, {"normalize": f"normalize-{one}"})
    assert first.summaries == {"normalize": {"duration": 3.5}}
    assert (second.media_object_id, second.audio_sha256, second.upstream) == (other, None, {})


def test_a_stage_gets_the_items_that_passed_its_inputs(
    conn: Any, batch: Callable[..., Any], passes: Callable[..., Any], sha256: Callable[[], str]
) -> None:
    batch_id, (one, other) = batch(2)
    passes(batch_id, "normalize", {one: sha256()})
    assert ids(batches.items(conn, batch_id, stage="normalize")) == [one, other]
    assert ids(batches.items(conn, batch_id, stage="diarize")) == [one]
    with pytest.raises(TerminalError, match="unknown stage"):
        batches.items(conn, batch_id, stage="transcirbe")


def test_a_decision_of_triage_may_be_changed(
    conn: Any, batch: Callable[..., Any], passes: Callable[..., Any], sha256: Callable[[], str]
) -> None:
    batch_id, (one, other) = batch(2)
    for stage in ("normalize", "detect_speech", "identify_language"):
        passes(batch_id, stage, {one: f"{one:064}", other: f"{other:064}"})
    batches.set_decision(conn, batch_id, one, Decision.TRANSCRIBE)
    batches.set_decision(conn, batch_id, other, Decision.REVIEW, ["SNR 2 dB"])
    assert ids(batches.items(conn, batch_id, stage="transcribe")) == [one]
    (queued,) = batches.items(conn, batch_id, stage="queue_for_review")
    assert (queued.media_object_id, queued.decision_reasons) == (other, ("SNR 2 dB",))
    batches.set_decision(conn, batch_id, other, Decision.TRANSCRIBE)
    assert ids(batches.items(conn, batch_id, stage="transcribe")) == [one, other]


def test_a_decision_for_an_unknown_item_is_refused(conn: Any, batch: Callable[..., Any]) -> None:
    batch_id, _ = batch(1)
    with pytest.raises(TerminalError, match="not in batch"):
        batches.set_decision(conn, batch_id, 2**40, Decision.REVIEW)
