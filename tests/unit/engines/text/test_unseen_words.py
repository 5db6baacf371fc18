from __future__ import annotations

import pytest

from mediaindex.engines.text.unseen_words import PRIOR, affix_logits, is_name

SEEN = [
    *((word, 3, True) for word in ["petrenko", "ivanenko", "shevchenko", "kravchenko"]),
    *((word, 3, False) for word in ["walking", "talking", "waiting", "quickly", "slowly", "softly"]),
    ("kinetic", 5000, True),  # not rare, so not used
]


@pytest.fixture(scope="module")
def logits():
    return dict(affix_logits(SEEN))


def test_words_with_the_ending_of_names_are_names(logits):
    assert is_name("timoshenko", logits.get)
    assert not is_name("baking", logits.get)


def test_frequent_words_are_not_used(logits):
    assert logits == dict(affix_logits(SEEN[:-1]))


@pytest.mark.parametrize("word", ["ko", "x9enko", "", "o'enko"])
def test_short_words_and_words_with_other_characters_are_not_names(logits, word):
    assert not is_name(word, logits.get)


def test_without_names_no_word_is_a_name():
    assert list(affix_logits([("walking", 1, False)])) == []
    nothing: dict[str, float] = {}
    assert not is_name("petrenko", nothing.get)


def test_a_longer_affix_has_higher_odds(logits):
    assert logits[PRIOR] < logits["$o"] < logits["$ko"] < logits["$enko"]
