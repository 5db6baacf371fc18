from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaindex.timeline import Span, TimelineError, merged, round_to_ms

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
    first, second = Span(*sorted(edges[:2])), Span(*sorted(edges[2:]))
    assert first.overlap(second) == second.overlap(first)
    assert 0 <= first.overlap(second) <= min(first.duration, second.duration)
    assert first.overlap(first) == first.duration


def test_neighbours_do_not_overlap() -> None:
    assert Span(0, 1).overlap(Span(1, 2)) == 0.0


@given(st.floats(-1e6, 1e6))
def test_times_are_rounded_to_milliseconds_and_stay_so(value: float) -> None:
    assert abs(round_to_ms(value) - value) <= 0.0005 + 1e-9
    assert round_to_ms(round_to_ms(value)) == round_to_ms(value)
    assert math.copysign(1, round_to_ms(value)) == 1 or round_to_ms(value) < 0  # never -0.0


def test_spans_are_frozen() -> None:
    with pytest.raises(AttributeError):
        Span(0, 1).start = 5.0  # type: ignore[misc]


SPANS = st.lists(st.tuples(st.integers(0, 50), st.integers(1, 10)).map(lambda pair: Span(pair[0], sum(pair))))


@given(SPANS)
def test_merged_covers_the_same_seconds_once_and_in_order(spans: list[Span]) -> None:
    union = merged(spans)
    covered = {second for span in spans for second in range(int(span.start), int(span.end))}
    assert {second for span in union for second in range(int(span.start), int(span.end))} == covered
    assert all(before.end < after.start for before, after in pairwise(union))


@given(SPANS, st.tuples(st.integers(0, 50), st.integers(1, 10)).map(lambda pair: Span(pair[0], sum(pair))))
def test_clipped_returns_the_overlap(spans: list[Span], within: Span) -> None:
    for span in spans:
        clipped = span.clipped(within)
        assert (clipped.duration if clipped else 0.0) == span.overlap(within)
