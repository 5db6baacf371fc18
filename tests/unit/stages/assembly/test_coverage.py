from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaindex.stages.assembly.doubt_reasons import coverage
from mediaindex.timeline import Span, Word


def word(start: float) -> Word:
    return Word(start, start + 0.5, "w", 0.9)


def test_speech_within_reach_of_a_word_is_covered():
    assert coverage([Span(0.0, 10.0)], [word(4.0)], reach=1.0) == pytest.approx(0.25)


def test_seconds_near_several_words_count_once():
    assert coverage([Span(0.0, 10.0)], [word(4.0), word(4.1)], reach=1.0) == pytest.approx(0.26)


def test_no_speech_counts_as_covered_and_speech_without_words_does_not():
    assert coverage([], [], 1.0) == 1.0
    assert coverage([Span(1.0, 2.0)], [], 1.0) == 0.0


moments = st.floats(0, 200)


@given(st.lists(st.tuples(moments, st.floats(0.1, 9))), st.lists(moments), st.floats(0, 2), moments)
def test_coverage_is_a_share_and_grows_with_words(speech, words, reach, more):
    spans = [Span(start, start + length) for start, length in speech]
    before = coverage(spans, [word(start) for start in words], reach)
    after = coverage(spans, [word(start) for start in [*words, more]], reach)
    assert 0.0 <= before <= after + 1e-9 <= 1.0 + 1e-9
