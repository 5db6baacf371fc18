from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from mediaindex.evaluation.word_errors import Tally, character_errors, equal_pairs, normaliser_for, word_errors

TOKENS = st.lists(st.sampled_from("abcd"), max_size=8)


def test_one_substitution_one_deletion_one_insertion() -> None:
    assert word_errors("a b c d", "a x c d e") == Tally(part=2, whole=4)
    assert word_errors("a b c d", "a b d") == Tally(part=1, whole=4)
    assert character_errors("abcd", "abxd") == Tally(part=1, whole=4)


def test_an_empty_hypothesis_and_an_empty_reference() -> None:
    assert word_errors("a b", "") == Tally(part=2, whole=2)
    assert word_errors("", "a b") == Tally(part=2, whole=0)
    assert Tally(part=2, whole=0).value is None


@given(TOKENS, TOKENS)
def test_equal_pairs_are_equal_and_in_order(reference: list[str], hypothesis: list[str]) -> None:
    pairs = equal_pairs(reference, hypothesis)
    assert all(reference[at] == hypothesis[other] for at, other in pairs)
    assert all(a[0] < b[0] and a[1] < b[1] for a, b in itertools.pairwise(pairs))
    assert word_errors(" ".join(reference), " ".join(hypothesis)).part >= max(len(reference), len(hypothesis)) - len(
        pairs
    )


def test_english_spelling_case_numbers_and_fillers_do_not_count() -> None:
    assert normaliser_for("en-US")("Um, I don't like twenty-five COLOURS!") == "i do not like 25 colors"


def test_other_languages_keep_their_letters_and_scripts_without_spaces_count_characters() -> None:
    assert normaliser_for("fr")("Ça va, l'été ?") == "ça va l été"
    assert normaliser_for("ja")("今日は") == "今 日 は"
