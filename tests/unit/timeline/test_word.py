from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaindex.timeline import TimelineError, Word


@given(st.floats())
def test_confidence_is_a_probability_or_an_error(confidence: float) -> None:
    if 0 <= confidence <= 1:
        assert Word(0, 1, "yes", confidence).confidence == confidence
    else:
        with pytest.raises(TimelineError, match="confidence"):
            Word(0, 1, "yes", confidence)


@pytest.mark.parametrize("text", ["", " ", " a", "a ", "a b", "a\nb", "a\u00a0b", "\t"])
def test_a_word_is_one_token(text: str) -> None:
    with pytest.raises(TimelineError, match="token"):
        Word(0, 1, text, 0.5)


@given(st.text())
def test_any_text_is_a_token_or_an_error(text: str) -> None:
    if text.split() == [text]:
        assert Word(0, 1, text, 0.5).text == text
    else:
        with pytest.raises(TimelineError):
            Word(0, 1, text, 0.5)


def test_a_word_is_a_span() -> None:
    with pytest.raises(TimelineError):
        Word(2, 1, "late", 0.5)


@pytest.mark.parametrize(("start", "end", "moved"), [(1.00049, 2.0, (1.0, 2.0)), (1.0, 1.0, (1.0, 1.001))])
def test_a_moved_word_keeps_all_but_its_times(start: float, end: float, moved: tuple[float, float]) -> None:
    word = Word(0.0, 1.0, "so", 0.9, "SPEAKER_00")
    assert word.moved_to(start, end) == Word(*moved, "so", 0.9, "SPEAKER_00")
