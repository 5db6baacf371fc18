from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaindex.timeline import Anchor, Clock, Span, TimelineError, seconds
from tests.unit.timeline.strategies import clocks

positions = st.integers(0, 10_000_000).map(lambda ms: ms / 1000)


@given(clocks(), positions)
def test_there_and_back_is_the_same_place(clock: Clock, audio: float) -> None:
    assert clock.to_audio(clock.to_source(audio)) == pytest.approx(audio, abs=0.0011)


@given(clocks(), positions, positions)
def test_time_never_runs_backward(clock: Clock, one: float, other: float) -> None:
    early, late = sorted((one, other))
    assert clock.to_source(early) <= clock.to_source(late)
    assert clock.to_audio(early) <= clock.to_audio(late)
    assert clock.to_source(late) - clock.to_source(early) >= late - early - 0.0011


@given(clocks())
def test_inside_a_gap_is_where_the_gap_opens(clock: Clock) -> None:
    for before, after in itertools.pairwise(clock.anchors):
        opens = before.source + after.audio - before.audio
        for share in (0.25, 0.5, 0.75):
            assert clock.to_audio(opens + share * (after.source - opens)) == pytest.approx(after.audio, abs=0.0011)


@given(clocks(), st.integers(0, 1_000_000), st.integers(1, 1_000_000))
def test_a_span_keeps_its_length_unless_a_gap_lies_in_it(clock: Clock, start: int, length: int) -> None:
    span = Span(start / 1000, (start + length) / 1000)
    there = clock.span_to_source(span)
    inside = any(span.start < anchor.audio < span.end for anchor in clock.anchors)
    if not inside:
        assert there.duration == pytest.approx(span.duration, abs=0.0011)
    else:
        assert there.duration > span.duration - 0.0011


def test_a_span_that_ends_where_a_gap_opens_does_not_swallow_it() -> None:
    clock = Clock((Anchor(0.0, 10.0), Anchor(5.0, 100.0)))
    assert clock.span_to_source(Span(3.0, 5.0)) == Span(13.0, 15.0)
    assert clock.span_to_source(Span(5.0, 6.0)) == Span(100.0, 101.0)


@given(positions)
def test_the_plain_clock_is_the_identity(audio: float) -> None:
    assert Clock().to_source(audio) == seconds(audio) == Clock().to_audio(audio)


@pytest.mark.parametrize(
    "anchors",
    [
        (),
        (Anchor(1.0, 1.0),),
        (Anchor(0.0, -1.0),),
        (Anchor(0.0, 0.0), Anchor(0.0, 5.0)),
        (Anchor(0.0, 0.0), Anchor(2.0, 1.0)),
        (Anchor(0.0, 5.0), Anchor(2.0, 6.0)),
        (Anchor(0.0, math.nan),),
        (Anchor(0.0, math.inf),),
        (Anchor(0.0, 0.0), Anchor(math.nan, 5.0)),
        (Anchor(0.0, 0.0), Anchor(1.0, math.inf)),
    ],
)
def test_a_clock_that_cannot_be_is_an_error(anchors: tuple[Anchor, ...]) -> None:
    with pytest.raises(TimelineError):
        Clock(anchors)
