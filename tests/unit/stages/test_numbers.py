from __future__ import annotations

import pytest

from mediaindex.stages.numbers import with_digits
from mediaindex.stages.tokens import spoken
from tests.builders.turns import said


@pytest.fixture(scope="module")
def finder():
    pytest.importorskip("text_to_num", reason="text2num is in the speech environment only")
    from mediaindex.engines import spoken_numbers

    return spoken_numbers.load()


def written(finder, text: str, language: str = "en") -> str:
    tokens = with_digits(spoken(said(text, language=language)), language, finder, 0.6)
    return " ".join(token.text for token in tokens)


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("two hundred and six people", "206 people"),
        ("in nineteen eighty four we", "in 1984 we"),
        ("nineteen oh five was", "1905 was"),
        ("in twenty twenty we", "in 2020 we"),
        ("two thousand and five", "2005"),
        ("Twenty five percent, or more", "25 percent, or more"),
        ("call five five five | one two three four now", "call 555 1234 now"),
        ("five five five oh one nine nine", "5550199"),
        ("three point one four", "3.14"),
        ("point five percent of it", "0.5 percent of it"),
        ("three point five million dollars", "3.5 million dollars"),
        ("two hundred million", "200 million"),
        ("two million three hundred thousand", "2,300,000"),
        ("a hundred and fifty", "150"),
        ("on the twenty first of May", "on the 21st of May"),
        ("eleven of them", "11 of them"),
        ("page one hundred and one.", "page 101."),
    ],
)
def test_numbers_are_written_as_a_newspaper_writes_them(finder, text, digits):
    assert written(finder, text) == digits


@pytest.mark.parametrize(
    "text",
    [
        "one of them", "no one knew", "two or three times", "four five years ago", "at seven thirty", "a second",
        "a twenty second pause", "one two three go", "three two one", "half a million people", "a thousand times",
        "the twenty thirty people", "at this point five percent left", "the nineteen sixties", "two thirds",
        "eleven thirty in the morning", "twenty, five came", "",
    ],
)  # fmt: skip
def test_what_can_be_read_in_two_ways_stays_in_words(finder, text):
    assert not text or written(finder, text) == text


def test_a_pause_keeps_numbers_apart(finder):
    assert written(finder, "he was twenty | five came") == "he was twenty five came"


def test_a_number_begins_with_its_first_word_and_ends_with_its_last(finder):
    turn = said("about two hundred and six people")
    _, number, people = with_digits(spoken(turn), "en", finder, 0.6)
    assert (number.place, number.start, number.end) == (1, turn.words[1].start, turn.words[4].end)
    assert people.place == 5


@pytest.mark.parametrize(
    ("language", "text", "digits"),
    [
        ("de", "im jahr neunzehnhundertvierundachtzig", "im jahr 1984"),
        ("fr", "quatre-vingt-quatre ans", "84 ans"),
        ("es", "doscientas seis personas", "206 personas"),
        ("de", "ein mann und acht leute", "ein mann und acht leute"),
        ("ja", "twenty five", "twenty five"),
    ],
)
def test_other_languages(finder, language, text, digits):
    assert written(finder, text, language) == digits
