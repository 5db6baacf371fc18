from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaindex.timeline import Anchor, Clock, Span, TimelineError, round_to_ms
from tests.unit.timeline.strategies import clocks

positions = st.integers(0, 10_000_000).map(lambda ms: ms / 1000)


@given(clocks(), positions)
def test_converting_to_source_time_and_back_gives_the_same_position(clock: Clock, audio: float) -> None:
    assert clock.to_audio(clock.to_source(audio)) == pytest.approx(audio, abs=0.0011)


@given(clocks(), positions, positions)
def test_time_never_runs_backward(clock: Clock, first: float, second: float) -> None:
    early, late = sorted((first, second))
    assert clock.to_source(early) <= clock.to_source(late)
    assert clock.to_audio(early) <= clock.to_audio(late)
    assert clock.to_source(late) - clock.to_source(early) >= late - early - 0.0011


@given(clocks())
def test_a_time_inside_a_gap_maps_to_its_start(clock: Clock) -> None:
    for before, after in itertools.pairwise(clock.anchors):
        opens = before.source + after.audio - before.audio
        for share in (0.25, 0.5, 0.75):
            assert clock.to_audio(opens + share * (after.source - opens)) == pytest.approx(after.audio, abs=0.0011)


@st.composite
def clocks_and_spans(draw: st.DrawFn) -> tuple[Clock, Span]:
    """Spans that begin and end near jumps, on the grid of milliseconds and off it."""
    clock = draw(clocks())
    near = st.sampled_from([anchor.audio for anchor in clock.anchors])
    start = max(0.0, draw(near) + draw(st.floats(-3, 3)))
    end = max(start + 0.002, draw(near) + draw(st.floats(-3, 3)))
    return clock, Span(start, end) if draw(st.booleans()) else Span(round_to_ms(start), round_to_ms(end))


@given(clocks_and_spans())
def test_the_pieces_of_a_span_leave_out_gaps_only(both: tuple[Clock, Span]) -> None:
    clock, span = both
    pieces = clock.pieces_to_source(span)
    assert all(before.end <= after.start for before, after in itertools.pairwise(pieces))
    slack = 0.0011 * (len(clock.anchors) + 1)  # each cut is rounded
    assert sum(piece.duration for piece in pieces) == pytest.approx(span.duration, abs=slack)
    for before, after in itertools.pairwise(clock.anchors):
        gap = (before.source + after.audio - before.audio + 0.0011, after.source - 0.0011)
        assert all(piece.end <= gap[0] or piece.start >= gap[1] for piece in pieces if gap[0] < gap[1])


@given(clocks_and_spans())
def test_the_side_of_a_span_is_the_piece_of_its_middle(both: tuple[Clock, Span]) -> None:
    clock, span = both
    span = Span(round_to_ms(span.start), round_to_ms(span.end))
    side = clock.side_to_source(span)
    assert side in clock.pieces_to_source(span)
    assert side.start - 0.0011 <= clock.to_source((span.start + span.end) / 2) <= side.end + 0.0011


def test_a_span_over_a_jump_is_cut_there() -> None:
    clock = Clock((Anchor(0.0, 0.0), Anchor(10.0, 3610.0)))
    assert clock.pieces_to_source(Span(8.0, 12.0)) == [Span(8.0, 10.0), Span(3610.0, 3612.0)]


def test_a_span_that_ends_or_begins_at_a_jump_is_on_one_side_of_it() -> None:
    clock = Clock((Anchor(0.0, 0.0), Anchor(10.0, 3610.0)))
    assert clock.pieces_to_source(Span(8.0, 10.0)) == [Span(8.0, 10.0)]
    assert clock.pieces_to_source(Span(10.0, 12.0)) == [Span(3610.0, 3612.0)]


def test_a_piece_too_short_for_the_timeline_is_left_out() -> None:
    clock = Clock((Anchor(0.0, 0.0), Anchor(10.0, 3610.0)))
    assert clock.pieces_to_source(Span(9.9999, 12.0)) == [Span(3610.0, 3612.0)]


WAITING = Clock((Anchor(0.0, 0.0), Anchor(10.0, 9.5), Anchor(20.0, 19.5)))  # half a second of samples in excess


@pytest.mark.parametrize(("audio", "source"), [(9.0, 9.0), (9.5, 9.5), (9.8, 9.5), (10.0, 9.5), (11.0, 10.5)])
def test_the_clock_waits_for_samples_in_excess(audio: float, source: float) -> None:
    assert WAITING.to_source(audio) == source


def test_what_is_in_a_wait_takes_no_time() -> None:
    assert WAITING.pieces_to_source(Span(9.6, 9.9)) == []
    assert WAITING.pieces_to_source(Span(9.0, 11.0)) == [Span(9.0, 9.5), Span(9.5, 10.5)]
    assert WAITING.side_to_source(Span(9.6, 9.9)) == Span(9.5, 9.501)
    assert WAITING.span_to_audio(Span(9.0, 10.5)) == Span(9.0, 11.0)


@given(positions)
def test_the_plain_clock_is_the_identity(audio: float) -> None:
    assert Clock().to_source(audio) == round_to_ms(audio) == Clock().to_audio(audio)


@pytest.mark.parametrize(
    "anchors",
    [
        (),
        (Anchor(1.0, 1.0),),
        (Anchor(0.0, -1.0),),
        (Anchor(0.0, 0.0), Anchor(0.0, 5.0)),
        (Anchor(0.0, 5.0), Anchor(2.0, 4.0)),
        (Anchor(0.0, math.nan),),
        (Anchor(0.0, math.inf),),
        (Anchor(0.0, 0.0), Anchor(math.nan, 5.0)),
        (Anchor(0.0, 0.0), Anchor(1.0, math.inf)),
    ],
)
def test_an_impossible_clock_is_an_error(anchors: tuple[Anchor, ...]) -> None:
    with pytest.raises(TimelineError):
        Clock(anchors)
