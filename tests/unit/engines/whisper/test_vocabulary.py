from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mediaindex.engines.whisper import faster_whisper
from mediaindex.engines.whisper.vocabulary import DOUBTFUL, respelled
from mediaindex.models import LocatedModel
from mediaindex.timeline import Word

SURE, UNSURE = 0.95, DOUBTFUL - 0.1


def said(*words: tuple[str, float]) -> list[Word]:
    return [Word(index, index + 0.8, text, confidence) for index, (text, confidence) in enumerate(words)]


def texts(words: list[Word], *vocabulary: str) -> list[str]:
    return [word.text for word in respelled(words, vocabulary)]


def test_a_doubtful_word_that_looks_like_a_term_becomes_the_term() -> None:
    assert texts(said(("at", SURE), ("Helston", UNSURE)), "Helstone") == ["at", "Helstone"]


def test_a_sure_word_stays() -> None:
    assert texts(said(("at", SURE), ("Helston", SURE)), "Helstone") == ["at", "Helston"]


def test_a_doubtful_word_that_looks_otherwise_stays() -> None:
    assert texts(said(("garden", UNSURE)), "Helstone", "Bo") == ["garden"]


def test_a_short_term_never_takes_the_place_of_another_word() -> None:
    assert texts(said(("ann", UNSURE)), "Anna") == ["Anna"]
    assert texts(said(("an", UNSURE)), "Ann") == ["an"]


def test_a_term_that_was_heard_is_written_as_given_however_sure() -> None:
    assert texts(said(("chatgpt,", SURE)), "ChatGPT") == ["ChatGPT,"]


def test_sure_words_are_not_joined_into_a_term() -> None:
    speech = ["as", "a", "nurse", "in", "a", "city", "that", "is", "a", "port"]
    assert texts(said(*((word, SURE) for word in speech)), "Asa", "Ina", "Isa") == speech


def test_sure_words_stay_where_they_part_otherwise_than_the_term() -> None:
    assert texts(said(("the", SURE), ("open", SURE)), "Theo Pen") == ["the", "open"]


def test_a_short_term_is_not_gathered_from_doubtful_words() -> None:
    assert texts(said(("as", UNSURE), ("a", UNSURE)), "Asa") == ["as", "a"]


def test_a_single_letter_is_no_part_of_a_coined_name() -> None:
    assert texts(said(("I", SURE), ("phone", SURE), ("her", SURE)), "iPhone") == ["I", "phone", "her"]


@pytest.mark.parametrize(
    ("first", "second", "term"),
    [("jean", "luc", "Jean-Luc"), ("Chat", "GPT", "ChatGPT"), ("you", "tube", "YouTube"), ("東", "京", "東京")],
)
def test_sure_words_become_a_term_that_has_a_break_where_they_part(first: str, second: str, term: str) -> None:
    assert texts(said((first, SURE), (second, SURE)), term) == [term]


@pytest.mark.parametrize("confidence", [SURE, UNSURE])
def test_a_dash_beside_a_term_stays(confidence: float) -> None:
    assert texts(said(("—", confidence), ("helstone", confidence)), "Helstone") == ["—", "Helstone"]


def test_words_without_letters_are_left_alone() -> None:
    assert texts(said(("—", UNSURE)), "Helstone") == ["—"]


def test_punctuation_around_is_kept() -> None:
    assert texts(said(("“Zarathusta,”", UNSURE)), "Zarathustra") == ["“Zarathustra,”"]


def test_a_term_gathers_the_words_it_fell_into_and_their_time() -> None:
    (word,) = respelled(said(("Zara", SURE), ("thusta.", UNSURE)), ["Zarathustra"])
    assert (word.text, word.start, word.end, word.confidence) == ("Zarathustra.", 0, 1.8, UNSURE)


def test_words_of_a_term_share_the_time_of_what_was_heard() -> None:
    zau, makan = respelled(said(("Zaumakam", UNSURE)), ["Zau Makan"])
    assert (zau.text, makan.text) == ("Zau", "Makan")
    assert (zau.start, makan.end) == (0, 0.8)
    assert zau.start < zau.end == makan.start < makan.end


def test_the_more_alike_of_two_terms_wins() -> None:
    assert texts(said(("Helston", UNSURE)), "Heldon", "Helstone") == ["Helstone"]


def test_no_words_and_no_terms_are_left_alone() -> None:
    assert respelled([], ["Helstone"]) == ()
    words = said(("at", SURE), ("Helston", UNSURE))
    assert respelled(words, []) == tuple(words)


def test_whisper_takes_a_vocabulary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recogniser = faster_whisper.load_recogniser(LocatedModel("whisper", tmp_path, "local", "ab" * 32, "MIT", ("en",)))
    monkeypatch.setattr(recogniser, "_words", lambda *_: tuple(said(("at", SURE), ("Helston.", UNSURE))))
    (words,) = recogniser.recognise([np.zeros(16_000, np.float32)], "en", ["Helstone"])
    assert [word.text for word in words] == ["at", "Helstone."]
