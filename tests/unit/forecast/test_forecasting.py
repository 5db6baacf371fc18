from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaindex.catalog.forecasts.experience import Ahead, StageCost, Work
from mediaindex.forecast import forecasting, lengths, workload
from mediaindex.forecast.ranges import Range
from mediaindex.forecast.tallying import NEW, Tally
from mediaindex.forecast.workload import BATCH_S, Machine

# 0.1 seconds of work per second of audio.
DONE = Work(20, 4, 1000.0, 0, 0.05, 0.2, (StageCost("transcribe", 100, 100, 0),))
RATES = workload.learn("calls", DONE, DONE)
ESTIMATOR = lengths.learn("calls", [], [])  # .mp3: 12,000 bytes per second
WAITING = Ahead(".mp3", 3, 12_000 * 500.0, 500.0)


def finish(new_s: float, files: int, largest_s: float, slots: int, queue_s: float = 0.0) -> Range:
    found = Tally(files=Counter(new=files), largest={".mp3": int(largest_s * 12_000)}, batches=files)
    queue = forecasting.Queue(0, 0.0, queue_s)
    costs = RATES.costs(new_s, files)
    return forecasting._finish(found, Range.exactly(new_s), costs, queue, Machine(slots), RATES, ESTIMATOR)


def test_the_queue_adds_known_and_estimated_lengths() -> None:
    queue = forecasting.waiting([WAITING], ESTIMATOR, RATES, Machine(2), 300.0)
    assert queue.files == 3
    assert queue.audio_s == pytest.approx(1000.0)
    assert queue.seconds == pytest.approx((100 + 3 * BATCH_S) / 2)


def test_an_empty_queue_takes_no_time() -> None:
    assert forecasting.waiting([], ESTIMATOR, RATES, Machine(2), 300.0).seconds == 0


def test_the_queue_comes_first() -> None:
    assert finish(1000, 2, 10, 2, queue_s=50).value == finish(1000, 2, 10, 2).value + 50


def test_more_slots_do_not_speed_up_one_recording() -> None:
    assert finish(36_000, 1, 36_000, 100).value == pytest.approx(3600)


def test_the_uncertainty_of_a_cost_includes_audio_and_rate() -> None:
    made = forecasting._spread(Range(50, 100, 300), RATES, 10.0)
    assert (made.low, made.value, made.high) == pytest.approx((2.5, 10, 60))


def test_quarantined_files_of_unknown_length_count_no_audio() -> None:
    found = Tally(files=Counter(quarantined=1), bytes=Counter({("quarantined", ".mp3"): 12_000}))
    assert forecasting.audio_in(found, "quarantined", ESTIMATOR) == Range.exactly(0.0)


@given(st.floats(1, 1e8), st.integers(1, 1000), st.integers(1, 64), st.floats(0, 1e6))
def test_more_slots_are_never_slower_and_the_queue_is_included(
    new_s: float, files: int, slots: int, queue_s: float
) -> None:
    made = finish(new_s, files, new_s / files, slots, queue_s)
    assert queue_s <= made.low <= made.value <= made.high
    assert finish(new_s, files, new_s / files, slots + 1, queue_s).value <= made.value


def test_a_tally_adds_known_lengths_and_sizes() -> None:
    found = Tally(seconds=Counter({NEW: 7}), bytes=Counter({(NEW, ".mp3"): 36_000}))
    assert forecasting.audio_in(found, NEW, ESTIMATOR).value == pytest.approx(10.0)
