from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mediaindex.engines.ctc.beam import best_path
from mediaindex.engines.ctc.decode import frame_confidence, heard_words
from tests.builders.ctc_frames import BLANK, PIECES, frames, spelled


class Likes:
    """Scores words by a table; what is not in it costs a little."""

    def __init__(self, **liked: float) -> None:
        self.liked = liked
        self.asked: list[tuple[Any, str]] = []

    def start(self) -> Any:
        return ()

    def score(self, state: Any, word: str) -> tuple[Any, float]:
        self.asked.append((state, word))
        return (*state, word), self.liked.get(word, -0.1)


def texts(log_probs: np.ndarray, scorer: Likes, beam: int = 16) -> list[str]:
    path = best_path(log_probs, PIECES, scorer, beam)
    return [word.text for word in heard_words(path, frame_confidence(log_probs), PIECES)]


UNSURE = frames("▁the", *spelled("ben", {1: {"e": 0.6, "i": 0.3}}), "▁of")


def test_the_language_model_turns_what_sound_alone_left_open() -> None:
    assert texts(UNSURE, Likes()) == ["the", "ben", "of"]
    assert texts(UNSURE, Likes(bin=2.0)) == ["the", "bin", "of"]


def test_it_cannot_turn_what_sound_is_sure_of() -> None:
    assert texts(frames("▁the", *spelled("ben")), Likes(bin=2.0)) == ["the", "ben"]


def test_the_last_word_counts_too() -> None:
    assert texts(frames(*spelled("ben", {2: {"n": 0.6, "r": 0.3}})), Likes(ber=2.0)) == ["ber"]


def test_spellings_of_one_word_are_counted_together() -> None:
    """Two ways to write "in" are together more probable than the best way to write "an"."""
    log_probs = frames({"▁": 0.98}, {"an": 0.4, "in": 0.3, "i": 0.29}, {"": 0.5, "n": 0.49})
    assert texts(log_probs, Likes()) == ["in"]


def test_a_word_is_asked_for_after_the_words_before_it() -> None:
    scorer = Likes()
    texts(frames("▁the", *spelled("ben"), "▁of"), scorer)
    assert (("the",), "ben") in scorer.asked
    assert (("the", "ben"), "of") in scorer.asked


def test_an_equal_word_after_equal_words_is_asked_for_once() -> None:
    scorer = Likes()
    texts(UNSURE, scorer)
    assert len(scorer.asked) == len(set(scorer.asked))


def test_a_beam_of_one_still_reads() -> None:
    assert texts(UNSURE, Likes(), beam=1) == ["the", "ben", "of"]


@given(st.lists(st.integers(0, BLANK), min_size=1, max_size=40))
def test_where_sound_is_sure_the_path_is_the_greedy_one(tokens: list[int]) -> None:
    matrix = np.full((len(tokens), BLANK + 1), -12.0, dtype=np.float32)
    matrix[np.arange(len(tokens)), tokens] = -0.001
    assert best_path(matrix, PIECES, Likes(), 8).tolist() == tokens
