from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaindex.evaluation.verdicts import calibration_error, ranking

CONFIDENCES = st.lists(st.floats(0, 1), min_size=1, max_size=20)


def test_calibration_of_two_bins_by_hand() -> None:
    # 0.9 to 1.0: two words, mean 0.95, half of them right: off by 0.45. 0.2 to 0.3: one word of 0.25, wrong.
    assert calibration_error([0.95], [0.95, 0.25]) == pytest.approx((2 * 0.45 + 0.25) / 3)


def test_a_right_word_with_confidence_1_is_no_error() -> None:
    assert calibration_error([1.0], []) == 0.0


def test_ranking_by_hand() -> None:
    # Pairs (0.9, 0.5) right, (0.5, 0.5) a tie: 1.5 of 2.
    assert ranking([0.9, 0.5], [0.5]) == pytest.approx(0.75)


def test_without_both_right_and_wrong_words_there_is_no_figure() -> None:
    assert calibration_error([], []) is None
    assert ranking([0.5], []) is None


@given(CONFIDENCES, CONFIDENCES)
def test_ranking_is_the_share_of_pairs(right: list[float], wrong: list[float]) -> None:
    pairs = [(high > low) + 0.5 * (high == low) for high in right for low in wrong]
    assert ranking(right, wrong) == pytest.approx(sum(pairs) / len(pairs))
    assert 0.0 <= (calibration_error(right, wrong) or 0.0) <= 1.0
