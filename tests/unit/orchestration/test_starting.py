"""Runs for planned batches: which DAG, which id, how many at once."""

from __future__ import annotations

from mediaindex.catalog.batches.batches import PlannedBatch
from mediaindex.contract.states import Lane
from mediaindex.orchestration.starting import LIMIT, runs_of


def batch(id_: int, lane: Lane = Lane.FRESH) -> PlannedBatch:
    return PlannedBatch(id_, "calls", lane, items=1, bytes=1, run_token=f"t{id_}", first_keys=("in/a.wav",))


def test_a_run_is_of_the_lanes_dag_and_named_after_source_batch_and_token() -> None:
    runs = runs_of([batch(7), batch(8, Lane.BACKFILL)])
    assert [(run["trigger_dag_id"], run["trigger_run_id"]) for run in runs] == [
        ("index_recordings", "calls_batch_7_t7"),
        ("index_recordings_backfill", "calls_batch_8_t8"),
    ]
    assert [run["conf"] for run in runs] == [{"batch_id": 7}, {"batch_id": 8}]
    assert {run["note"] for run in runs} == {"calls: 1 file, a.wav"}


def test_the_oldest_batches_are_started_first_and_not_all_at_once() -> None:
    started = runs_of([batch(number) for number in range(LIMIT + 5)])
    assert [run["conf"]["batch_id"] for run in started] == list(range(LIMIT))
