from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from mediaindex.stages.chunks import plan_chunks
from mediaindex.timeline import Span, round_to_ms

lengths = st.lists(st.tuples(st.floats(0.05, 10), st.floats(0.1, 70)), max_size=12)


def spans(pairs: list[tuple[float, float]]) -> list[Span]:
    """Consecutive spans from pauses and durations."""
    consecutive, at = [], 0.0
    for pause, length in pairs:
        start = round_to_ms(at + pause)
        at = round_to_ms(start + length)
        consecutive.append(Span(start, at))
    return consecutive


def end(_start: float, stop: float) -> float:
    return stop


@given(lengths, st.floats(0.0, 1.0))
def test_chunks_hold_all_speech_within_the_longest_duration(pairs: list[tuple[float, float]], share: float) -> None:
    speech = spans(pairs)
    chunks = plan_chunks(speech, 28.0, 2.0, lambda start, stop: start + share * (stop - start))
    assert all(chunk.duration <= 28.001 for chunk in chunks)
    assert all(before.end <= after.start for before, after in itertools.pairwise(chunks))
    for span in speech:
        assert sum(span.overlap(chunk) for chunk in chunks) >= span.duration - 0.001


def test_neighbours_join_while_they_fit() -> None:
    assert plan_chunks([Span(0, 10), Span(11, 20), Span(21, 28)], 28.0, 2.0, end) == [Span(0, 28)]


def test_the_chunks_of_a_passage_have_similar_lengths() -> None:
    sentences = spans([(0.5, 4.5)] * 12)  # 60 s: filling up would leave the last chunk 5 s
    assert [round(chunk.duration) for chunk in plan_chunks(sentences, 28.0, 2.0, end)] == [20, 20, 20]


def test_a_passage_is_cut_at_the_longest_pause_nearby() -> None:
    sentences = spans([(0.3, 4.7), (0.3, 4.7), (0.3, 4.7), (1.0, 4.0), (0.3, 4.7), (0.3, 4.7), (0.3, 4.7)])
    assert plan_chunks(sentences, 28.0, 2.0, end)[0].end == 15.0


def test_speech_with_a_pause_is_not_cut_elsewhere() -> None:
    def never(start: float, stop: float) -> float:
        raise AssertionError((start, stop))

    assert len(plan_chunks([Span(0, 27), Span(27.5, 50)], 28.0, 2.0, never)) == 2


def test_a_long_pause_ends_a_chunk() -> None:
    assert plan_chunks([Span(0, 1), Span(5, 6)], 28.0, 2.0, end) == [Span(0, 1), Span(5, 6)]
