from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaindex.catalog.forecasts.experience import StageCost, Work
from mediaindex.forecast import workload
from mediaindex.forecast.workload import BATCH_S, Machine, learn

NOTHING = Work(0, 0, 0.0, 0, None, None, ())
DONE = Work(
    recordings=20, batches=4, audio_s=1000.0, copies=5, low=0.05, high=0.2,
    stages=(StageCost("normalize", 10, 5, 0), StageCost("transcribe", 90, 180, 45)),
)  # fmt: skip


def test_rates_are_costs_per_second_of_audio() -> None:
    costs = learn("calls", DONE, NOTHING).costs(2000.0, 100)
    assert costs == (StageCost("normalize", 20, 10, 0), StageCost("transcribe", 180, 360, 90))


def test_the_spread_is_that_of_the_batches() -> None:
    spread = learn("calls", DONE, NOTHING).spread
    assert (spread.low, spread.high) == pytest.approx((0.5, 2.0))


def test_copies_are_a_share() -> None:
    assert learn("calls", DONE, NOTHING).copies == 0.25


def test_without_batches_of_the_source_all_sources_count() -> None:
    assert learn("calls", NOTHING, DONE).basis == "20 recordings in 4 batches of all sources"


def test_too_little_audio_gives_the_defaults() -> None:
    short = Work(5, 1, 100.0, 0, 9.0, 9.0, (StageCost("normalize", 900, 900, 0),))
    rates = learn("calls", short, short)
    assert "defaults" in rates.basis
    assert sum(rate.wall for rate in rates.stages) < 0.2


def test_two_slots_need_half_the_time_of_one() -> None:
    costs = learn("calls", DONE, NOTHING).costs(1000.0, 0)
    assert [Machine(slots).seconds(costs, 0, None) for slots in (1, 2)] == [100, 50]


def test_each_batch_takes_additional_time() -> None:
    assert Machine(1).seconds((), 3, None) == 3 * BATCH_S


def test_slots_do_not_exceed_the_cores() -> None:
    rates = learn("calls", NOTHING, NOTHING)
    costs = rates.costs(3600.0, 0)
    assert Machine(64).seconds(costs, 0, rates.cores) == pytest.approx(sum(cost.cpu_s for cost in costs) / 2)


@given(st.integers(1, 1000), st.floats(0, 1e9), st.integers(0, 10_000))
def test_more_cores_are_never_slower(cores: int, audio_s: float, batches: int) -> None:
    rates = learn("calls", NOTHING, NOTHING)
    costs = rates.costs(audio_s, batches)
    fewer, more = (Machine(2, number).seconds(costs, batches, rates.cores) for number in (cores, cores + 1))
    assert more <= fewer


def test_slots_come_from_the_shipped_pools(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MEDIAINDEX_SPEECH_SLOTS", raising=False)
    assert workload.speech_slots() >= 1


def test_the_environment_overrides_the_pools(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDIAINDEX_SPEECH_SLOTS", "7")
    assert workload.speech_slots() == 7


@pytest.mark.parametrize(
    ("pools", "expected"),
    [
        ('{"speech": {"slots": 2}, "catalog": {"slots": 8}}', 2),
        ('{"speech_fresh": {"slots": 3}, "speech_backfill": {"slots": 1}}', 1),
    ],
)
def test_a_backfill_has_the_slots_of_its_pool(tmp_path: Path, pools: str, expected: int) -> None:
    file = tmp_path / "pools.json"
    file.write_text(pools)
    assert workload._slots_in(file) == expected
