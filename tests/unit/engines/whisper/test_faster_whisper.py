from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mediaindex.engines.whisper import faster_whisper
from mediaindex.models import LocatedModel


@pytest.mark.parametrize(
    ("no_speech", "log_prob", "compression", "dropped"),
    [(0.1, -0.3, 1.5, False), (0.9, -1.4, 1.5, True), (0.9, -0.3, 1.5, False), (0.1, -0.3, 2.8, False)],
    ids=["speech", "silence", "likely words", "loop"],
)
def test_hallucinations_are_dropped(no_speech: float, log_prob: float, compression: float, dropped: bool) -> None:
    segment: Any = SimpleNamespace(no_speech_prob=no_speech, avg_logprob=log_prob, compression_ratio=compression)
    assert faster_whisper.is_hallucination(segment) is dropped


Timed = tuple[str, float, float, float]


class LoopingModel:
    """A Whisper model that loops unless repetition is forbidden."""

    def __init__(self, first: list[Timed], again: list[Timed]) -> None:
        self.model = self
        self.requested: list[int] = []
        self.words = first, again
        self.located = LocatedModel("w", Path("w"), "local", "ab" * 32, "MIT", ("en",))

    def transcribe(self, _samples: np.ndarray, *, no_repeat_ngram_size: int, **_: Any) -> tuple[Any, None]:
        self.requested.append(no_repeat_ngram_size)
        words = [
            SimpleNamespace(word=text, start=start, end=end, probability=probability)
            for text, start, end, probability in self.words[bool(no_repeat_ngram_size)]
        ]
        facts = {"no_speech_prob": 0.1, "avg_logprob": -0.3, "compression_ratio": 1.2 if no_repeat_ngram_size else 9.0}
        return iter([SimpleNamespace(words=words, **facts)]), None


def recognised(first: list[Timed], again: list[Timed]) -> tuple[list[str], list[int]]:
    """The words of a model that writes ``first``, or ``again`` if repetition is forbidden; and what was forbidden."""
    model: Any = LoopingModel(first, again)
    (words,) = faster_whisper.WhisperRecogniser(model).recognise([np.zeros(160_000, np.float32)], "en")
    return [word.text for word in words], model.requested


def said(text: str, probability: float = 0.9) -> list[Timed]:
    return [(f" {word}", i * 0.3, i * 0.3 + 0.25, probability) for i, word in enumerate(text.split())]


def test_a_loop_is_decoded_again_without_repetition() -> None:
    texts, requested = recognised(said("so so so so"), said("well"))
    assert texts == ["well"]
    assert requested[0] == 0
    assert requested[1] > 0


def test_a_true_repetition_is_not_replaced_by_invented_words() -> None:
    texts, _ = recognised(said("no " * 20), [*said("no no no"), *said("don't don't stay", 0.02)])
    assert texts == ["no"] * 20


def test_a_true_repetition_ends_with_the_audio() -> None:
    beyond: list[Timed] = [(" no", 6.0, 6.0, 0.95)] * 100
    texts, _ = recognised([*said("no " * 20), *beyond], said("no no no don't", 0.02))
    assert texts == ["no"] * 20


class UncertainModel:
    """A Whisper model that is certain of German from ``certain_from`` frames on."""

    def __init__(self, certain_from: int) -> None:
        self.model = self
        self.certain_from = certain_from
        self.frames: list[int] = []
        self.feature_extractor = self

    nb_max_frames = 3_000

    def __call__(self, samples: np.ndarray) -> np.ndarray:
        return np.zeros((80, len(samples) // 160), np.float32)

    def encode(self, features: np.ndarray) -> int:
        self.frames.append(features.shape[-1])
        return int(features.shape[-1])

    def detect_language(self, frames: int) -> list[list[tuple[str, float]]]:
        certain = 0.95 if frames >= self.certain_from else 0.6
        return [[("<|de|>", certain), ("<|jw|>", 1 - certain)]]


@pytest.mark.parametrize(
    ("seconds", "certain_from", "requested"),
    [(6, 0, [800]), (1, 0, [700]), (6, 3_000, [800, 3_000]), (30, 9_999, [3_000])],
    ids=["certain", "one word", "uncertain", "whole window"],
)
def test_the_whole_window_is_used_only_if_the_language_is_uncertain(
    seconds: int, certain_from: int, requested: list[int]
) -> None:
    uncertain: Any = UncertainModel(certain_from)
    probabilities = faster_whisper.WhisperLanguages(uncertain).probabilities(np.zeros(16_000 * seconds, np.float32))
    assert uncertain.frames == requested
    assert set(probabilities) == {"de", "jv"}
