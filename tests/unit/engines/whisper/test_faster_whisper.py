from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jiwer
import numpy as np
import pytest
import soundfile

from mediaindex.engines.whisper import faster_whisper
from mediaindex.models import LocatedModel, load_registry
from mediaindex.timeline import Word, check_order
from tests.builders import corpus

Model = Callable[[str], LocatedModel]
LANGUAGES = corpus.languages()


def samples_of(language: str) -> np.ndarray:
    """The sentence of the corpus in this language."""
    samples: np.ndarray = soundfile.read(LANGUAGES[language].path, dtype="float32")[0]
    return samples


@pytest.mark.parametrize(
    ("no_speech", "log_prob", "compression", "dropped"),
    [(0.1, -0.3, 1.5, False), (0.9, -1.4, 1.5, True), (0.9, -0.3, 1.5, False), (0.1, -0.3, 2.8, True)],
    ids=["speech", "silence", "sure of its words", "loop"],
)
def test_inventions_are_dropped(no_speech: float, log_prob: float, compression: float, dropped: bool) -> None:
    segment: Any = SimpleNamespace(no_speech_prob=no_speech, avg_logprob=log_prob, compression_ratio=compression)
    assert faster_whisper.made_up(segment) is dropped


class Loopy:
    """Stands for Whisper: goes round in circles unless it is kept from repeating itself."""

    def __init__(self) -> None:
        self.model = self
        self.asked: list[int] = []

    def transcribe(self, _samples: np.ndarray, *, no_repeat_ngram_size: int, **_: Any) -> tuple[Any, None]:
        self.asked.append(no_repeat_ngram_size)
        loop = not no_repeat_ngram_size
        word = SimpleNamespace(word=" so" if loop else " well", start=0.1, end=0.4, probability=0.9)
        facts = {"no_speech_prob": 0.1, "avg_logprob": -0.3, "compression_ratio": 9.0 if loop else 1.2}
        return iter([SimpleNamespace(words=[word], **facts)]), None


def test_what_goes_round_in_circles_is_heard_again_without_repetition() -> None:
    loopy: Any = Loopy()
    loopy.located = LocatedModel("w", Path("w"), "local", "ab" * 32, "MIT", ("en",))
    (words,) = faster_whisper.WhisperRecogniser(loopy).recognise([np.zeros(16_000, np.float32)], "en")
    assert [word.text for word in words] == ["well"]
    assert loopy.asked[0] == 0
    assert loopy.asked[1] > 0


class Listener:
    """Stands for Whisper: ``sure`` of German after so many frames."""

    def __init__(self, sure_from: int) -> None:
        self.model = self
        self.sure_from = sure_from
        self.frames: list[int] = []
        self.feature_extractor = self

    nb_max_frames = 3_000

    def __call__(self, samples: np.ndarray) -> np.ndarray:
        return np.zeros((80, len(samples) // 160), np.float32)

    def encode(self, features: np.ndarray) -> int:
        self.frames.append(features.shape[-1])
        return int(features.shape[-1])

    def detect_language(self, frames: int) -> list[list[tuple[str, float]]]:
        sure = 0.95 if frames >= self.sure_from else 0.6
        return [[("<|de|>", sure), ("<|jw|>", 1 - sure)]]


@pytest.mark.parametrize(
    ("seconds", "sure_from", "asked"),
    [(6, 0, [800]), (1, 0, [700]), (6, 3_000, [800, 3_000]), (30, 9_999, [3_000])],
    ids=["sure at once", "a word", "in doubt", "a whole window"],
)
def test_a_language_is_heard_with_all_of_thirty_seconds_only_where_in_doubt(
    seconds: int, sure_from: int, asked: list[int]
) -> None:
    listener: Any = Listener(sure_from)
    found = faster_whisper.WhisperLanguages(listener).probabilities(np.zeros(16_000 * seconds, np.float32))
    assert listener.frames == asked
    assert set(found) == {"de", "jv"}


@pytest.mark.models
def test_the_same_audio_gives_the_same_words_from_several_threads(model: Model) -> None:
    recogniser = faster_whisper.load_recogniser(model("whisper-base"))
    asked = [([samples_of(language)[: 16_000 * 6]], language) for language in ("it", "fr")]
    alone = [recogniser.recognise(*one) for one in asked]
    with ThreadPoolExecutor(2) as callers:
        together = list(callers.map(lambda one: recogniser.recognise(*one), asked))
    assert texts(together) == texts(alone)


def texts(found: list[list[tuple[Word, ...]]]) -> list[str]:
    """Without the numbers, whose last digits depend on how threads shared a product out."""
    return [" ".join(word.text for word in words) for (words,) in found]


@pytest.mark.models
def test_the_registry_names_the_languages_of_the_model(model: Model) -> None:
    identifier = faster_whisper.load_identifier(model("whisper-base"))
    found = identifier.probabilities(np.zeros(16_000, np.float32))
    assert set(found) == set(load_registry()["whisper-base"].languages)
    assert sum(found.values()) == pytest.approx(1.0, abs=1e-3)


@pytest.mark.models
def test_languages_are_told_apart(model: Model) -> None:
    identifier = faster_whisper.load_identifier(model("whisper-base"))
    told = {language: identifier.probabilities(samples_of(language)) for language in LANGUAGES}
    # Measured on every instruction set, with and without a dither of one bit: 0.92 and more, the next below 0.08.
    assert {language: max(found, key=lambda code: found[code]) for language, found in told.items()} == {
        language: language for language in LANGUAGES
    }


def test_words_in_other_languages(model: Model) -> None:
    recogniser = faster_whisper.load_recogniser(model("whisper-base"))
    wanted, found = [], []
    for language, recording in LANGUAGES.items():
        samples = samples_of(language)
        (words,) = recogniser.recognise([samples], language)
        check_order(words)
        assert words[-1].end <= len(samples) / 16_000
        for texts, text in ((wanted, recording.text), (found, "".join(word.text for word in words))):
            texts.append("".join(letter for letter in text.lower() if letter.isalnum()))
    # Of 400 letters in seven languages 3 to 6 % are wrong, other ones on each instruction set; of one sentence, up to
    # 20 %.
    assert jiwer.cer(wanted, found) < 0.2


@pytest.mark.models
def test_silence_is_no_words(model: Model) -> None:
    recogniser = faster_whisper.load_recogniser(model("whisper-base"))
    assert recogniser.recognise([np.zeros(32_000, np.float32)], "en") == [()]
