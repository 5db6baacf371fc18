"""Vocabulary and language model through the recogniser, on real weights where they are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from mediaindex.engines.ctc import conformer as conformer_ctc
from mediaindex.models import LocatedModel
from tests.builders.arpa import bigrams

Model = Callable[[str], LocatedModel]
Dataset = Callable[[str], list[dict[str, Any]]]
NAME = "stt-en-conformer-ctc-small"


def speech(dataset: Dataset, beginning: str) -> np.ndarray:
    (row,) = (row for row in dataset("wer/refs.jsonl") if row["text"].startswith(beginning))
    return soundfile.read(row["path"], dtype="float32")[0]


@pytest.mark.models
@pytest.mark.shared
def test_a_name_that_was_said_is_written_as_given_and_nothing_else_changes(model: Model, dataset: Dataset) -> None:
    recogniser = conformer_ctc.load(model(NAME), threads=2)
    samples = speech(dataset, "sherburn run his eye slow")
    (plain,) = recogniser.recognise([samples], "en")
    (named,) = recogniser.recognise([samples], "en", ["Sherburn", "Zarathustra", "Helstone"])
    assert "sherburn" not in [word.text for word in plain]
    assert [word.text for word in named] == ["Sherburn", *(word.text for word in plain[1:])]
    assert named[1:] == plain[1:]
    assert 0 < named[0].confidence < 1


@pytest.mark.models
@pytest.mark.shared
def test_a_language_model_of_what_is_said_helps(
    model: Model, dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEDIAINDEX_PRECISION", "float32")  # which words are misheard is the rounding's affair
    samples = speech(dataset, "put this in a double boiler")
    arpa = tmp_path / "kitchen.arpa"
    arpa.write_text(
        bigrams(["a double boiler and a pot", "in the boiler", "put this in and cook until thick"]), "utf-8"
    )
    (greedy,) = conformer_ctc.load(model(NAME), threads=2).recognise([samples], "en")
    monkeypatch.setenv("MEDIAINDEX_LANGUAGE_MODEL", str(arpa))
    (beam,) = conformer_ctc.load(model(NAME), threads=2).recognise([samples], "en")
    heard, read = ([word.text for word in words] for words in (greedy, beam))
    assert "boiler" not in heard
    where = read.index("boiler")
    assert read[:where] + read[where + 1 :] == heard[:where] + heard[where + 1 :]
    assert all(0 < word.confidence <= 1 for word in beam)


def test_a_language_model_changes_the_identity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    located = LocatedModel(NAME, tmp_path / "absent.nemo", "local", "ab" * 32, "MIT", ("en",))
    plain = conformer_ctc.load(located).identity
    arpa = tmp_path / "small.arpa"
    arpa.write_text(bigrams(["one two"]), "utf-8")
    monkeypatch.setenv("MEDIAINDEX_LANGUAGE_MODEL", str(arpa))
    first = conformer_ctc.load(located).identity
    arpa.write_text(bigrams(["one two three"]), "utf-8")
    assert len({plain, first, conformer_ctc.load(located).identity}) == 3
