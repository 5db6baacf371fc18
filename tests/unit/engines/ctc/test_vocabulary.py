from __future__ import annotations

import logging

import numpy as np
import pytest

from mediaindex.engines.ctc.decode import DecodedWord, decoded_words, frame_confidence
from mediaindex.engines.ctc.vocabulary import BONUS, respelled, terms_of
from tests.builders.ctc_frames import PIECES, frames, log_odds, spelled


def greedy(log_probs: np.ndarray) -> list[DecodedWord]:
    return decoded_words(log_probs.argmax(axis=-1), frame_confidence(log_probs), PIECES)


def respelled_greedy(log_probs: np.ndarray, *vocabulary: str) -> list[DecodedWord]:
    return respelled(log_probs, greedy(log_probs), frame_confidence(log_probs), terms_of(vocabulary, PIECES))


def texts(log_probs: np.ndarray, *vocabulary: str) -> list[str]:
    return [word.text for word in respelled_greedy(log_probs, *vocabulary)]


UNSURE = frames("▁the", *spelled("sherben", {5: {"e": 0.6, "o": 0.35}}), "▁of")


def test_a_term_that_is_nearly_as_probable_replaces_the_greedy_word() -> None:
    assert texts(UNSURE) == ["the", "sherben", "of"]
    assert texts(UNSURE, "Sherbon") == ["the", "Sherbon", "of"]


def test_an_unspoken_term_changes_nothing() -> None:
    sure = frames("▁the", *spelled("garden"), "▁of")
    assert texts(sure, "Garland", "Warden", "Gordon") == ["the", "garden", "of"]


def test_a_recognised_term_is_written_as_given() -> None:
    log_probs = frames("▁the", *spelled("sherry"))
    (_, before), (_, after) = greedy(log_probs), respelled_greedy(log_probs, "SHERRY")
    assert after.text == "SHERRY"
    assert (after.first, after.end, after.confidence) == (before.first, before.end, before.confidence)


def test_joined_words_of_a_term_are_separated_in_time() -> None:
    log_probs = frames({"▁": 0.6, "": 0.3}, *"zau", {"": 0.6, "▁": 0.35}, *"makan")
    assert [word.text for word in greedy(log_probs)] == ["zaumakan"]
    zau, makan = respelled_greedy(log_probs, "Zau Makan")
    assert (zau.text, makan.text) == ("Zau", "Makan")
    assert 0 <= zau.first < zau.end <= makan.first < makan.end <= len(log_probs)


def test_a_term_replaces_the_words_it_was_split_into() -> None:
    log_probs = frames("▁the", *spelled("zara"), {"▁": 0.6, "": 0.35}, *"thustra")
    assert [word.text for word in greedy(log_probs)] == ["the", "zara", "thustra"]
    assert texts(log_probs, "Zarathustra") == ["the", "Zarathustra"]


def test_a_term_with_a_hyphen_matches_two_words() -> None:
    (word,) = respelled_greedy(frames(*spelled("jean"), *spelled("luc")), "Jean-Luc")
    assert (word.text, word.first, word.end) == ("Jean-Luc", 2, 17)


@pytest.mark.parametrize("term", ["o\u2019brien", "o\u00b4brien", "o`brien"])
def test_other_marks_are_read_as_an_apostrophe(term: str) -> None:
    assert texts(frames(*spelled("o'brien")), term) == [term]


@pytest.mark.parametrize("mark", ["\u00a8", "\u00af", "\u00b8", "\u02dc"])
def test_a_term_with_an_inner_mark_matches_two_words(mark: str) -> None:
    assert texts(frames(*spelled("age"), *spelled("of")), f"age{mark}of") == [f"age{mark}of"]


def test_a_term_with_accents_matches_a_word_without() -> None:
    assert texts(frames(*spelled("muller")), "Müller") == ["Müller"]


def test_the_better_of_two_terms_wins() -> None:
    log_probs = frames(*spelled("sherben", {5: {"e": 0.6, "o": 0.3, "a": 0.05}}))
    assert texts(log_probs, "Sherban", "Sherbon") == ["Sherbon"]


def test_a_word_beside_a_term_is_kept() -> None:
    unsure = frames({"▁the": 0.5, "": 0.45}, *spelled("sherbon"))
    assert texts(unsure, "Sherbon") == ["the", "Sherbon"]


def test_the_confidence_of_a_term_is_at_most_its_odds() -> None:
    lost = log_odds(UNSURE, 14, "o", "e")
    word = respelled_greedy(UNSURE, "Sherbon")[1]
    assert word.confidence <= 1 / (1 + np.exp(-(lost + BONUS * len("sherbon")))) + 1e-4
    assert 0 < word.confidence <= greedy(UNSURE)[1].confidence + 1e-6


def test_a_term_that_the_model_cannot_write_is_logged_and_left_out(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert terms_of(("R2D2", "Ben"), PIECES)[0].written == ("Ben",)
    assert "R2D2" in caplog.text


def test_without_words_or_terms_nothing_changes() -> None:
    nothing = frames("", "")
    assert respelled_greedy(nothing, "Ben") == []
    assert respelled_greedy(UNSURE) == greedy(UNSURE)
