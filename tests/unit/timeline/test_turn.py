from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaindex.timeline import SpeakerSpan, TimelineError, Turn, Word, check_order
from tests.unit.timeline.strategies import word_rows


@given(word_rows())
def test_a_turn_holds_its_words_in_order(words: tuple[Word, ...]) -> None:
    turn = Turn(words[0].start, words[-1].end, "A", "en", words)
    assert "".join(turn.text.split()) == "".join(word.text for word in words)
    assert min(w.confidence for w in words) - 1e-9 <= turn.confidence <= max(w.confidence for w in words) + 1e-9


@given(word_rows(), st.floats(0.001, 1))
def test_a_word_outside_its_turn_is_an_error(words: tuple[Word, ...], by: float) -> None:
    words = tuple(replace(word, start=word.start + 1, end=word.end + 1) for word in words)
    start, end = words[0].start, words[-1].end
    late = min(start + by * 0.9, (start + end) / 2)
    with pytest.raises(TimelineError, match="outside"):
        Turn(late, end, "A", "en", words)
    with pytest.raises(TimelineError, match="outside"):
        Turn(start - 1, (words[-1].start + end) / 2, "A", "en", words)


@given(word_rows())
def test_words_out_of_order_are_an_error(words: tuple[Word, ...]) -> None:
    check_order(words)
    later = replace(words[-1], start=words[-1].start + 1, end=words[-1].end + 1)
    with pytest.raises(TimelineError, match="monotonic"):
        check_order([later, *words])


def test_a_turn_has_words() -> None:
    with pytest.raises(TimelineError, match="at least one word"):
        Turn(0, 1, "A", "en", ())


def test_a_speaker_span_has_a_speaker() -> None:
    with pytest.raises(TimelineError, match="label"):
        SpeakerSpan(0, 1, "")
