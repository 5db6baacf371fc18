from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaindex.catalog.forecasts.experience import Lengths
from mediaindex.forecast.lengths import ENOUGH, GUESS, learn

OWN = Lengths(".mp3", 10, 1_000_000.0, 100.0, 0.5e-4, 2e-4)
OTHERS = Lengths(".mp3", 900, 1_000_000.0, 50.0, 0.4e-4, 0.6e-4)


def test_recordings_of_the_source_are_preferred() -> None:
    made = learn("calls", [OWN], [OTHERS]).seconds([(".mp3", 2_000_000)])
    assert (made.low, made.value, made.high) == pytest.approx((100, 200, 400))


def test_with_too_few_recordings_of_the_source_all_sources_count() -> None:
    few = Lengths(".mp3", ENOUGH - 1, 1.0, 1.0, 1.0, 1.0)
    rate = learn("calls", [few], [OTHERS]).rate(".mp3")
    assert (rate.seconds.value, rate.basis) == (50e-6, "900 recordings of all sources")


def test_without_recordings_the_estimate_is_wide() -> None:
    rate = learn("calls", [OWN], [OTHERS]).rate(".wav")
    assert rate.basis == "an estimate by file type, uncertain by a factor of 3"
    assert rate.seconds.high / rate.seconds.low == pytest.approx(GUESS**2)


@given(st.lists(st.tuples(st.sampled_from([".mp3", ".wav", ""]), st.floats(0, 1e12)), max_size=20))
def test_more_files_never_shorten_the_total(sizes: list[tuple[str, float]]) -> None:
    known = learn("calls", [OWN], [OTHERS])
    assert known.seconds([*sizes, (".mp3", 1.0)]).value >= known.seconds(sizes).value
