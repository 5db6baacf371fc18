from __future__ import annotations

import pytest

from mediaindex.evaluation.verdicts import judged
from mediaindex.evaluation.word_errors import normaliser_for
from mediaindex.timeline import Word


def wrong(reference: str, recognised: str) -> list[str]:
    words = [Word(float(at), at + 0.5, text, 0.9) for at, text in enumerate(recognised.split())]
    return [word.text for word, right in judged(reference, words, normaliser_for("en")) if not right]


@pytest.mark.parametrize(
    ("reference", "recognised"),
    [
        ("it cost 25 dollars in 1984", "it cost twenty five dollars in nineteen eighty four"),
        ("it cost twenty five dollars in nineteen eighty four", "it cost 25 dollars in 1984"),
        ("Twenty-five.", "25"),
        ("$25 it was", "twenty five dollars it was"),
    ],
)
def test_a_number_is_right_in_words_and_in_digits(reference: str, recognised: str) -> None:
    assert wrong(reference, recognised) == []


def test_another_number_is_wrong() -> None:
    assert wrong("it cost 26 dollars", "it cost twenty five dollars") == ["twenty", "five"]


def test_an_inserted_word_is_wrong() -> None:
    assert wrong("I don't know", "I really don't know now") == ["really", "now"]
