"""Whisper's words and languages on the corpus."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import jiwer
import numpy as np
import pytest
import soundfile

from mediaindex.engines.whisper import faster_whisper
from mediaindex.models import LocatedModel, load_registry
from mediaindex.timeline import Word, check_order
from tests.builders import corpus

pytestmark = pytest.mark.models

Model = Callable[[str], LocatedModel]
LANGUAGES = corpus.languages()


def samples_of(language: str) -> np.ndarray:
    """The sentence of the corpus in this language."""
    samples: np.ndarray = soundfile.read(LANGUAGES[language].path, dtype="float32")[0]
    return samples


def test_the_same_audio_gives_the_same_words_from_several_threads(model: Model) -> None:
    recogniser = faster_whisper.load_recogniser(model("whisper-base"))
    calls = [([samples_of(language)[: 16_000 * 6]], language) for language in ("it", "fr")]
    alone = [recogniser.recognise(*call) for call in calls]
    with ThreadPoolExecutor(2) as callers:
        together = list(callers.map(lambda call: recogniser.recognise(*call), calls))
    assert texts(together) == texts(alone)


def texts(results: list[list[tuple[Word, ...]]]) -> list[str]:
    """The texts alone: the last digits of times and confidences depend on how threads divide a product."""
    return [" ".join(word.text for word in words) for (words,) in results]


def test_the_registry_names_the_languages_of_the_model(model: Model) -> None:
    identifier = faster_whisper.load_identifier(model("whisper-base"))
    probabilities = identifier.probabilities(np.zeros(16_000, np.float32))
    assert set(probabilities) == set(load_registry()["whisper-base"].languages)
    assert sum(probabilities.values()) == pytest.approx(1.0, abs=1e-3)


def test_languages_are_identified(model: Model) -> None:
    identifier = faster_whisper.load_identifier(model("whisper-base"))
    results = {language: identifier.probabilities(samples_of(language)) for language in LANGUAGES}
    # Measured on all instruction sets, with and without dither of one bit: at least 0.92, the next below 0.08.
    assert {
        language: max(probabilities, key=lambda code: probabilities[code])
        for language, probabilities in results.items()
    } == {language: language for language in LANGUAGES}


def test_words_in_other_languages(model: Model) -> None:
    recogniser = faster_whisper.load_recogniser(model("whisper-base"))
    expected: list[str] = []
    actual: list[str] = []
    for language, recording in LANGUAGES.items():
        samples = samples_of(language)
        (words,) = recogniser.recognise([samples], language)
        check_order(words)
        assert words[-1].end <= len(samples) / 16_000
        for texts, text in ((expected, recording.text), (actual, "".join(word.text for word in words))):
            texts.append("".join(letter for letter in text.lower() if letter.isalnum()))
    # 3 to 6 % of 400 letters in seven languages are wrong, different ones on each instruction set; of one sentence, up
    # to 20 %.
    assert jiwer.cer(expected, actual) < 0.2


def test_silence_gives_no_words(model: Model) -> None:
    recogniser = faster_whisper.load_recogniser(model("whisper-base"))
    assert recogniser.recognise([np.zeros(32_000, np.float32)], "en") == [()]
