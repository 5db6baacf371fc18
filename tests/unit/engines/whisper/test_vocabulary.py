from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mediaindex.engines.whisper import faster_whisper
from mediaindex.engines.whisper.vocabulary import DOUBTFUL, respelled
from mediaindex.models import LocatedModel
from mediaindex.timeline import Word

CERTAIN, UNCERTAIN = 0.95, DOUBTFUL - 0.1


def recognised(*words: tuple[str, float]) -> list[Word]:
    return [Word(index, index + 0.8, text, confidence) for index, (text, confidence) in enumerate(words)]


def texts(words: list[Word], *vocabulary: str) -> list[str]:
    return [word.text for word in respelled(words, vocabulary)]


def test_a_doubtful_word_that_resembles_a_term_becomes_the_term() -> None:
    assert texts(recognised(("at", CERTAIN), ("Helston", UNCERTAIN)), "Helstone") == ["at", "Helstone"]


def test_a_certain_word_is_kept() -> None:
    assert texts(recognised(("at", CERTAIN), ("Helston", CERTAIN)), "Helstone") == ["at", "Helston"]


def test_a_doubtful_word_unlike_any_term_is_kept() -> None:
    assert texts(recognised(("garden", UNCERTAIN)), "Helstone", "Bo") == ["garden"]


def test_a_short_term_does_not_replace_another_word() -> None:
    assert texts(recognised(("ann", UNCERTAIN)), "Anna") == ["Anna"]
    assert texts(recognised(("an", UNCERTAIN)), "Ann") == ["an"]


def test_a_recognised_term_is_written_as_given() -> None:
    assert texts(recognised(("chatgpt,", CERTAIN)), "ChatGPT") == ["ChatGPT,"]


def test_certain_words_are_not_joined_into_a_term() -> None:
    speech = ["as", "a", "nurse", "in", "a", "city", "that", "is", "a", "port"]
    assert texts(recognised(*((word, CERTAIN) for word in speech)), "Asa", "Ina", "Isa") == speech


def test_certain_words_with_other_breaks_than_the_term_are_kept() -> None:
    assert texts(recognised(("the", CERTAIN), ("open", CERTAIN)), "Theo Pen") == ["the", "open"]


def test_a_short_term_is_not_joined_from_doubtful_words() -> None:
    assert texts(recognised(("as", UNCERTAIN), ("a", UNCERTAIN)), "Asa") == ["as", "a"]


def test_a_single_letter_is_not_part_of_a_coined_name() -> None:
    assert texts(recognised(("I", CERTAIN), ("phone", CERTAIN), ("her", CERTAIN)), "iPhone") == ["I", "phone", "her"]


@pytest.mark.parametrize(
    ("first", "second", "term"),
    [("jean", "luc", "Jean-Luc"), ("Chat", "GPT", "ChatGPT"), ("you", "tube", "YouTube"), ("東", "京", "東京")],
)
def test_certain_words_with_the_breaks_of_a_term_become_the_term(first: str, second: str, term: str) -> None:
    assert texts(recognised((first, CERTAIN), (second, CERTAIN)), term) == [term]


@pytest.mark.parametrize("confidence", [CERTAIN, UNCERTAIN])
def test_a_dash_beside_a_term_is_kept(confidence: float) -> None:
    assert texts(recognised(("—", confidence), ("helstone", confidence)), "Helstone") == ["—", "Helstone"]


def test_words_without_letters_are_kept() -> None:
    assert texts(recognised(("—", UNCERTAIN)), "Helstone") == ["—"]


def test_punctuation_around_a_term_is_kept() -> None:
    assert texts(recognised(("“Zarathusta,”", UNCERTAIN)), "Zarathustra") == ["“Zarathustra,”"]


def test_a_term_replaces_the_words_it_was_split_into_and_takes_their_time() -> None:
    (word,) = respelled(recognised(("Zara", CERTAIN), ("thusta.", UNCERTAIN)), ["Zarathustra"])
    assert (word.text, word.start, word.end, word.confidence) == ("Zarathustra.", 0, 1.8, UNCERTAIN)


def test_the_words_of_a_term_share_the_time_of_the_replaced_word() -> None:
    zau, makan = respelled(recognised(("Zaumakam", UNCERTAIN)), ["Zau Makan"])
    assert (zau.text, makan.text) == ("Zau", "Makan")
    assert (zau.start, makan.end) == (0, 0.8)
    assert zau.start < zau.end == makan.start < makan.end


def test_the_more_similar_of_two_terms_wins() -> None:
    assert texts(recognised(("Helston", UNCERTAIN)), "Heldon", "Helstone") == ["Helstone"]


def test_without_words_or_terms_nothing_changes() -> None:
    assert respelled([], ["Helstone"]) == ()
    words = recognised(("at", CERTAIN), ("Helston", UNCERTAIN))
    assert respelled(words, []) == tuple(words)


def test_whisper_takes_a_vocabulary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recogniser = faster_whisper.load_recogniser(LocatedModel("whisper", tmp_path, "local", "ab" * 32, "MIT", ("en",)))
    monkeypatch.setattr(recogniser, "_words", lambda *_: tuple(recognised(("at", CERTAIN), ("Helston.", UNCERTAIN))))
    (words,) = recogniser.recognise([np.zeros(16_000, np.float32)], "en", ["Helstone"])
    assert [word.text for word in words] == ["at", "Helstone."]
