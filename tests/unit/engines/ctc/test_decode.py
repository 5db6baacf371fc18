from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaindex.engines.ctc.decode import LINGER, decoded_words, frame_confidence, timed
from mediaindex.timeline import Word

VOCABULARY = ("<unk>", "▁", "▁the", "▁th", "ere", "'s", "s", "▁iron")
BLANK = len(VOCABULARY)
FRAME = 0.04


def frames(tokens: list[int], certainty: float = 0.99) -> np.ndarray:
    """Log probabilities with one dominant token per frame."""
    rest = (1 - certainty) / BLANK
    matrix = np.full((len(tokens), BLANK + 1), math.log(rest), dtype=np.float32)
    matrix[np.arange(len(tokens)), tokens] = math.log(certainty)
    return matrix


def words_of(matrix: np.ndarray, duration: float) -> tuple[Word, ...]:
    return timed(decoded_words(matrix.argmax(axis=-1), frame_confidence(matrix), VOCABULARY), FRAME, duration)


def texts(*tokens: int) -> list[str]:
    return [word.text for word in words_of(frames(list(tokens)), len(tokens) * FRAME)]


def test_a_boundary_begins_a_word() -> None:
    assert texts(BLANK, 3, 4, 5, BLANK, 7) == ["there's", "iron"]


def test_repeats_collapse_unless_a_blank_separates_them() -> None:
    assert texts(2, 2, 6, 6, BLANK, 6) == ["thess"]
    assert texts(2, BLANK, 2) == ["the", "the"]


def test_a_lone_boundary_begins_a_word_with_the_next_piece() -> None:
    assert texts(2, 1, 1, 6) == ["the", "s"]


def test_an_unknown_piece_writes_nothing() -> None:
    assert texts(0, 2, 0, 6) == ["the", "s"]


def test_blanks_alone_give_no_words() -> None:
    assert texts(BLANK, BLANK) == []


def test_a_word_starts_with_its_first_frame_and_lasts_until_the_next() -> None:
    first, second = words_of(frames([BLANK, 3, 4, 4, BLANK, 7]), 1.0)
    assert (first.start, first.end) == (0.04, 0.20)
    assert second.start == 0.20


def test_a_word_extends_into_a_pause() -> None:
    first, second = words_of(frames([3, 4, *[BLANK] * 10, 7]), 2.0)
    assert first.end == pytest.approx(2 * FRAME + LINGER)
    assert second.end == pytest.approx(13 * FRAME + LINGER)


def test_a_word_ends_with_the_audio() -> None:
    (word,) = words_of(frames([BLANK, 2]), 0.07)
    assert word.end == 0.07


def test_the_confidence_of_a_word_is_that_of_its_least_certain_frame() -> None:
    matrix = np.concatenate([frames([3]), frames([4], 0.5), frames([BLANK], 0.3)])
    (word,) = words_of(matrix, 1.0)
    assert word.confidence == round(float(frame_confidence(matrix)[1]), 4)


def test_confidence_is_0_for_uniform_and_1_for_certain_frames() -> None:
    uniform = np.full((1, 100), -math.log(100), dtype=np.float32)
    certain = np.full((1, 100), -60.0, dtype=np.float32)
    certain[0, 3] = 0.0
    assert frame_confidence(uniform)[0] == pytest.approx(0.0, abs=1e-5)
    assert frame_confidence(certain)[0] == pytest.approx(1.0, abs=1e-5)


@given(st.lists(st.integers(0, BLANK), min_size=1, max_size=60))
def test_any_frames_give_ordered_words_without_overlap(tokens: list[int]) -> None:
    duration = len(tokens) * FRAME
    words = words_of(frames(tokens), duration)
    assert all(0 <= word.start < word.end <= duration + 1e-9 for word in words)
    assert all(before.end <= after.start for before, after in itertools.pairwise(words))
