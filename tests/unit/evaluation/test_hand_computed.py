"""The figures, held to values that were worked out by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaindex.evaluation.confidence import calibration_error, ranking
from mediaindex.evaluation.speaker_errors import speaker_word_errors
from mediaindex.evaluation.tally import Tally, total
from mediaindex.evaluation.text_errors import character_errors, equal_pairs, word_errors

probabilities = st.lists(st.floats(0, 1), min_size=1, max_size=30)


def test_one_wrong_one_missing_and_one_too_many_of_four() -> None:
    assert word_errors("the cat sat down", "a the cap down") == Tally(part=3, whole=4)


def test_characters_count_the_spaces() -> None:
    assert character_errors("ab cd", "ab d") == Tally(part=1, whole=5)


def test_what_the_alignment_finds_equal() -> None:
    assert equal_pairs(["the", "cat", "sat"], ["oh", "the", "hat", "sat"]) == [(0, 1), (2, 3)]


def test_calibration_is_the_distance_of_confidence_from_share_right() -> None:
    # One bin: mean confidence 0.95, half right.
    assert calibration_error([0.95], [0.95]) == pytest.approx(0.45)
    assert calibration_error([1.0, 1.0], []) == 0.0
    assert calibration_error([], []) is None


def test_ranking_is_the_share_of_pairs_in_the_right_order() -> None:
    assert ranking([0.9, 0.5], [0.5, 0.1]) == pytest.approx(3.5 / 4)
    assert ranking([0.9], []) is None


@given(probabilities, probabilities)
def test_ranking_of_the_opposite_is_the_rest(right: list[float], wrong: list[float]) -> None:
    assert ranking(right, wrong) == pytest.approx(1 - float(ranking(wrong, right) or 0.0))


def test_speakers_are_paired_as_it_suits_best() -> None:
    reference = {"ann": ["yes", "no"], "bob": ["well", "then"]}
    said = {"SPEAKER_00": ["well", "then"], "SPEAKER_01": ["yes", "so"]}
    assert speaker_word_errors(reference, said) == Tally(part=1, whole=4)


def test_a_speaker_nobody_heard_counts_with_all_words() -> None:
    assert speaker_word_errors({"ann": ["yes"], "bob": ["no", "never"]}, {"S": ["yes"]}) == Tally(part=2, whole=3)
    assert speaker_word_errors({"ann": ["yes"]}, {"S": ["yes"], "T": ["oh", "my"]}) == Tally(part=2, whole=1)


def test_long_files_weigh_more() -> None:
    assert total([Tally(part=1, whole=1), Tally(part=0, whole=9)]).value == pytest.approx(0.1)
    assert total([]).value is None
