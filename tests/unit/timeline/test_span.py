from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaindex.timeline import Span, TimelineError, seconds

times = st.floats(0, 1e6)


@given(st.floats(), st.floats())
def test_a_span_is_finite_positive_and_forward_or_an_error(start: float, end: float) -> None:
    possible = math.isfinite(start) and math.isfinite(end) and 0 <= start < end
    if possible:
        assert Span(start, end).duration > 0
    else:
        with pytest.raises(TimelineError):
            Span(start, end)


@given(st.lists(times, min_size=4, max_size=4, unique=True))
def test_overlap_is_symmetric_and_no_longer_than_either(edges: list[float]) -> None:
    one, other = Span(*sorted(edges[:2])), Span(*sorted(edges[2:]))
    assert one.overlap(other) == other.overlap(one)
    assert 0 <= one.overlap(other) <= min(one.duration, other.duration)
    assert one.overlap(one) == one.duration


def test_neighbours_do_not_overlap() -> None:
    assert Span(0, 1).overlap(Span(1, 2)) == 0.0


@given(st.floats(-1e6, 1e6))
def test_seconds_are_milliseconds_and_rounding_twice_changes_nothing(value: float) -> None:
    assert abs(seconds(value) - value) <= 0.0005 + 1e-9
    assert seconds(seconds(value)) == seconds(value)
    assert math.copysign(1, seconds(value)) == 1 or seconds(value) < 0  # never -0.0


def test_spans_are_frozen() -> None:
    with pytest.raises(AttributeError):
        Span(0, 1).start = 5.0  # type: ignore[misc]
