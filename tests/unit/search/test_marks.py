from __future__ import annotations

from typing import Any

from mediaindex.search.query import _matched

TURN = {
    "text": "in 1984 we moved",
    "word_starts": [5.0, 5.5, 7.0, 7.5],
    "spoken": "in nineteen eighty four we moved",
    "spoken_starts": [5.0, 5.5, 6.0, 6.5, 7.0, 7.5],
}


def starts_of_marks(highlight: dict[str, list[str]], turn: dict[str, Any] = TURN) -> list[float]:
    text, starts, ranges = _matched(turn, highlight, "<", ">")
    assert len(text.split()) == len(starts)
    return [starts[len(text[:begin].split())] for begin, _ in ranges]


def test_words_of_the_text_are_marked_in_the_text() -> None:
    marks = {"text": ["in <1984> we <moved>"], "spoken": ["in nineteen eighty four we <moved>"]}
    assert starts_of_marks(marks) == [5.5, 7.5]


def test_words_that_are_only_spoken_are_marked_in_the_spoken_text() -> None:
    marks = {"text": ["in 1984 we <moved>"], "spoken": ["in nineteen <eighty> <four> we <moved>"]}
    assert starts_of_marks(marks) == [6.0, 6.5, 7.5]


def test_a_turn_without_spoken_text_is_marked_in_its_text() -> None:
    turn = {"text": "we moved", "word_starts": [1.0, 1.5]}
    assert starts_of_marks({"stemmed.en": ["we <moved>"]}, turn) == [1.5]
    assert starts_of_marks({}, turn) == []
