from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaindex.forecast.ranges import NOTHING, Range

FIGURES = st.floats(0, 1e9, allow_nan=False)
RANGES = st.tuples(FIGURES, FIGURES, FIGURES).map(lambda three: Range(*sorted(three)))


@given(RANGES, RANGES, FIGURES)
def test_sums_and_products_are_ranges(one: Range, other: Range, factor: float) -> None:
    for made in (one + other, one * factor, one.times(other)):
        assert 0 <= made.low <= made.value <= made.high


@given(RANGES)
def test_adding_nothing_changes_nothing(one: Range) -> None:
    assert one + NOTHING == one


@given(FIGURES, FIGURES, FIGURES)
def test_around_always_includes_the_value(value: float, low: float, high: float) -> None:
    made = Range.around(value, low, high)
    assert made.low <= value <= made.high


@pytest.mark.parametrize("wrong", [(2, 1, 3), (1, 3, 2), (-1, 0, 1)])
def test_an_invalid_range_is_refused(wrong: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="not a range"):
        Range(*wrong)
