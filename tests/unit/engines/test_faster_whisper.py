from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile

from mediaindex.engines import faster_whisper
from mediaindex.models import LocatedModel, load_registry
from mediaindex.timeline import check_order

Model = Callable[[str], LocatedModel]
Dataset = Callable[[str], list[dict[str, Any]]]


@pytest.mark.parametrize(
    ("no_speech", "log_prob", "compression", "dropped"),
    [(0.1, -0.3, 1.5, False), (0.9, -1.4, 1.5, True), (0.9, -0.3, 1.5, False), (0.1, -0.3, 2.8, True)],
    ids=["speech", "silence", "sure of its words", "loop"],
)
def test_inventions_are_dropped(no_speech: float, log_prob: float, compression: float, dropped: bool) -> None:
    segment: Any = SimpleNamespace(no_speech_prob=no_speech, avg_logprob=log_prob, compression_ratio=compression)
    assert faster_whisper.made_up(segment) is dropped


@pytest.mark.models
def test_the_registry_names_the_languages_of_the_model(model: Model) -> None:
    identifier = faster_whisper.load_identifier(model("whisper-base"))
    found = identifier.probabilities(np.zeros(16_000, np.float32))
    assert set(found) == set(load_registry()["whisper-base"].languages)
    assert sum(found.values()) == pytest.approx(1.0, abs=1e-3)


@pytest.mark.models
@pytest.mark.shared
def test_seven_languages_are_told_apart(model: Model, dataset: Dataset) -> None:
    identifier = faster_whisper.load_identifier(model("whisper-base"))
    for row in dataset("lid/labels.jsonl"):
        found = identifier.probabilities(soundfile.read(row["path"], dtype="float32")[0])
        assert max(found, key=lambda code: found[code]) == row["language"]


@pytest.mark.models
@pytest.mark.shared
@pytest.mark.parametrize(("language", "said"), [("fr", "consulat"), ("ja", "客観的実在")])
def test_words_in_other_languages(model: Model, dataset: Dataset, language: str, said: str) -> None:
    (row,) = (row for row in dataset("lid/labels.jsonl") if row["language"] == language)
    samples = soundfile.read(row["path"], dtype="float32")[0]
    (words,) = faster_whisper.load_recogniser(model("whisper-base")).recognise([samples], language)
    check_order(words)
    assert words[-1].end <= len(samples) / 16_000
    assert said in "".join(word.text for word in words)


@pytest.mark.models
def test_silence_is_no_words(model: Model) -> None:
    recogniser = faster_whisper.load_recogniser(model("whisper-base"))
    assert recogniser.recognise([np.zeros(32_000, np.float32)], "en") == [()]
