"""Vocabulary and language model in the recogniser, with real weights if they are available."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import jiwer
import numpy as np
import pytest
import soundfile

from mediaindex.engines.ctc import conformer
from mediaindex.models import LocatedModel
from mediaindex.stages.protocols import Recogniser
from tests.builders import corpus
from tests.builders.arpa import bigrams

NAME = "stt-en-conformer-ctc-small"


@dataclass(frozen=True)
class Recordings:
    """Recordings that the weights can recognise: samples, reference texts, and the plain output of the model."""

    chunks: list[np.ndarray]
    expected: list[str]
    plain: list[str]


@pytest.fixture(scope="module")
def recordings(conformers: LocatedModel) -> Recordings:
    more = [] if corpus.is_small(conformers.path) else corpus.librispeech()[::3]
    chosen = [*more, *corpus.readings()]
    chunks = [soundfile.read(recording.path, dtype="float32")[0] for recording in chosen]
    plain = texts(conformer.load(conformers, threads=2), chunks)
    return Recordings(chunks, [recording.text for recording in chosen], plain)


def texts(recogniser: Recogniser, chunks: list[np.ndarray], vocabulary: Sequence[str] = ()) -> list[str]:
    results = recogniser.recognise(chunks, "en", vocabulary)
    assert all(0 < word.confidence <= 1 for words in results for word in words)
    return [" ".join(word.text for word in words) for words in results]


@pytest.mark.models
def test_spoken_terms_are_written_as_given_and_little_else_changes(
    conformers: LocatedModel, recordings: Recordings
) -> None:
    spoken = {word for text in recordings.expected for word in text.split() if len(word) >= 8 and "'" not in word}
    terms = {word: word.capitalize() for word in spoken}
    boosted = texts(conformer.load(conformers, threads=2), recordings.chunks, sorted(terms.values()))

    def correct(transcripts: list[str], spelled: dict[str, str]) -> int:
        """The number of spoken terms that are in their sentence, in this spelling."""
        pairs = zip(recordings.expected, transcripts, strict=True)
        return sum(spelled[word] in text.split() for expected, text in pairs for word in spoken & set(expected.split()))

    # Measured: of 51 terms of ten readers, 40 or 41 without the vocabulary and 47 with it. Rounding affects both runs
    # alike. In the corpus, nearly all terms are correct without the vocabulary.
    least = 0 if corpus.is_small(conformers.path) else 3
    assert correct(boosted, terms) >= correct(recordings.plain, {word: word for word in spoken}) + least

    def others(transcripts: list[str]) -> list[str]:
        return [" ".join(word for word in text.lower().split() if word not in spoken) or "-" for text in transcripts]

    # Measured: 1.5 %, from words that a term replaces.
    assert jiwer.wer(others(recordings.plain), others(boosted)) < 0.05


@pytest.mark.models
def test_a_language_model_of_the_texts_corrects_words(
    conformers: LocatedModel, recordings: Recordings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arpa = tmp_path / "readers.arpa"
    arpa.write_text(bigrams(recordings.expected), "utf-8")
    monkeypatch.setenv("MEDIAINDEX_LANGUAGE_MODEL", str(arpa))
    corrected = texts(conformer.load(conformers, threads=2), recordings.chunks)
    # Measured: 9.8 to 10.2 % of the words wrong without it, 5.2 to 5.4 % with it, in one run.
    assert jiwer.wer(recordings.expected, corrected) < 0.8 * jiwer.wer(recordings.expected, recordings.plain)


def test_a_language_model_changes_the_identity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    located = LocatedModel(NAME, tmp_path / "absent.nemo", "local", "ab" * 32, "MIT", ("en",))
    plain = conformer.load(located).identity
    arpa = tmp_path / "small.arpa"
    arpa.write_text(bigrams(["one two"]), "utf-8")
    monkeypatch.setenv("MEDIAINDEX_LANGUAGE_MODEL", str(arpa))
    first = conformer.load(located).identity
    arpa.write_text(bigrams(["one two three"]), "utf-8")
    assert len({plain, first, conformer.load(located).identity}) == 3
