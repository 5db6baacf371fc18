from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mediaindex.engines.ctc.beam import best_path
from mediaindex.engines.ctc.decode import decoded_words, frame_confidence
from tests.builders.ctc_frames import BLANK, PIECES, frames, spelled


class TableScorer:
    """Scores words by a table; a word outside the table scores -0.1."""

    def __init__(self, **scores: float) -> None:
        self.scores = scores
        self.calls: list[tuple[Any, str]] = []

    def start(self) -> Any:
        return ()

    def score(self, state: Any, word: str) -> tuple[Any, float]:
        self.calls.append((state, word))
        return (*state, word), self.scores.get(word, -0.1)


def texts(log_probs: np.ndarray, scorer: TableScorer, beam: int = 16) -> list[str]:
    path = best_path(log_probs, PIECES, scorer, beam)
    return [word.text for word in decoded_words(path, frame_confidence(log_probs), PIECES)]


UNSURE = frames("▁the", *spelled("ben", {1: {"e": 0.6, "i": 0.3}}), "▁of")


def test_the_language_model_decides_between_similar_words() -> None:
    assert texts(UNSURE, TableScorer()) == ["the", "ben", "of"]
    assert texts(UNSURE, TableScorer(bin=2.0)) == ["the", "bin", "of"]


def test_the_language_model_does_not_override_certain_frames() -> None:
    assert texts(frames("▁the", *spelled("ben")), TableScorer(bin=2.0)) == ["the", "ben"]


def test_the_last_word_is_scored() -> None:
    assert texts(frames(*spelled("ben", {2: {"n": 0.6, "r": 0.3}})), TableScorer(ber=2.0)) == ["ber"]


def test_spellings_of_a_word_add_up() -> None:
    """Two spellings of "in" together are more probable than the best spelling of "an"."""
    log_probs = frames({"▁": 0.98}, {"an": 0.4, "in": 0.3, "i": 0.29}, {"": 0.5, "n": 0.49})
    assert texts(log_probs, TableScorer()) == ["in"]


def test_a_word_is_scored_after_its_predecessors() -> None:
    scorer = TableScorer()
    texts(frames("▁the", *spelled("ben"), "▁of"), scorer)
    assert (("the",), "ben") in scorer.calls
    assert (("the", "ben"), "of") in scorer.calls


def test_equal_words_after_equal_words_are_scored_once() -> None:
    scorer = TableScorer()
    texts(UNSURE, scorer)
    assert len(scorer.calls) == len(set(scorer.calls))


def test_a_beam_of_one_decodes() -> None:
    assert texts(UNSURE, TableScorer(), beam=1) == ["the", "ben", "of"]


@given(st.lists(st.integers(0, BLANK), min_size=1, max_size=40))
def test_certain_frames_give_the_greedy_path(tokens: list[int]) -> None:
    matrix = np.full((len(tokens), BLANK + 1), -12.0, dtype=np.float32)
    matrix[np.arange(len(tokens)), tokens] = -0.001
    assert best_path(matrix, PIECES, TableScorer(), 8).tolist() == tokens
