from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import jiwer
import numpy as np
import pytest
import soundfile

from mediaindex.engines.ctc import conformer
from mediaindex.engines.ctc.reader import CtcReader
from mediaindex.engines.runtime.onnx_session import shrinking_arena
from mediaindex.models import LocatedModel
from mediaindex.timeline import Word
from tests.builders import corpus

NAME = "stt-en-conformer-ctc-small"


@pytest.fixture(scope="module")
def recogniser(conformers: LocatedModel) -> conformer.ConformerCtc:
    return conformer.load(conformers, threads=2)


@pytest.fixture(scope="module")
def utterances(conformers: LocatedModel) -> list[tuple[np.ndarray, str]]:
    """Speech that the weights can recognise: the corpus, and more recordings unless they were trained on it alone."""
    more = [] if corpus.is_small(conformers.path) else corpus.librispeech()[::5]
    recordings = [*(recording for reader in corpus.readers().values() for recording in reader[:4]), *more]
    return [(soundfile.read(recording.path, dtype="float32")[0], recording.text) for recording in recordings]


def test_the_identity_loads_nothing(tmp_path: Path) -> None:
    located = LocatedModel(NAME, tmp_path / "absent.nemo", "local", "ab" * 32, "MIT", ("en",))
    assert "ab" * 32 in conformer.load(located).identity


def test_each_precision_has_its_own_identity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    located = LocatedModel("tiny", tmp_path / "absent.nemo", "local", "ab" * 32, "MIT", ("en",))
    rounded = conformer.load(located).identity
    monkeypatch.setenv("MEDIAINDEX_PRECISION", "float32")
    assert conformer.load(located).identity != rounded


def test_importing_the_engine_does_not_import_nemo_or_torch() -> None:
    code = "import sys, mediaindex.engines.ctc.conformer; print({'torch', 'nemo'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


class ExhaustedSession:
    """A session that cannot allocate memory, with the error of ONNX Runtime."""

    def run(self, *_: Any) -> list[np.ndarray]:
        raise RuntimeError("[ONNXRuntimeError] : 1 : FAIL : Failed to allocate memory for requested buffer of size 1")


def test_a_failed_allocation_is_a_memory_error_and_not_a_gap(tmp_path: Path) -> None:
    recogniser = conformer.load(LocatedModel(NAME, tmp_path / "absent.nemo", "local", "ab" * 32, "MIT", ("en",)))
    recogniser._model._ready = conformer._Loaded(
        ExhaustedSession(), shrinking_arena(), frozenset({"audio_signal"}), 80, CtcReader(("a",), 0.04)
    )
    with pytest.raises(MemoryError, match="Failed to allocate"):
        recogniser.recognise([np.ones(16_000, np.float32)], "en")


def are_same(actual: Sequence[Sequence[Word]], expected: Sequence[Sequence[Word]]) -> bool:
    """Compare words and times exactly; the last digits of a confidence depend on the alignment in memory."""
    assert [[(word.text, word.start, word.end) for word in words] for words in actual] == [
        [(word.text, word.start, word.end) for word in words] for words in expected
    ]
    return [word.confidence for words in actual for word in words] == pytest.approx(
        [word.confidence for words in expected for word in words], abs=0.01
    )


@pytest.mark.models
def test_the_word_error_rate_is_close_to_that_of_nemo(
    recogniser: conformer.ConformerCtc, utterances: list[tuple[np.ndarray, str]]
) -> None:
    words = recogniser.recognise([samples for samples, _ in utterances], "en")
    texts = [" ".join(word.text for word in utterance) for utterance in words]
    # Of 396 words of readers 10 % are wrong, a few more or less with other rounding; of half of them, transcribe() of
    # NeMo gets 9 % wrong. Any error in features, pieces or weights costs tens of percent.
    assert jiwer.wer([text for _, text in utterances], texts) < 0.15


@pytest.mark.models
def test_words_are_in_the_order_of_the_chunks_and_independent_of_other_chunks(
    recogniser: conformer.ConformerCtc, utterances: list[tuple[np.ndarray, str]]
) -> None:
    chunks = [samples for samples, _ in utterances[:4]]
    together, alone = recogniser.recognise(chunks, "en"), [recogniser.recognise([chunk], "en")[0] for chunk in chunks]
    assert are_same(together, alone)


@pytest.mark.models
def test_callers_in_several_threads_get_the_words_of_their_chunks(
    conformers: LocatedModel, recogniser: conformer.ConformerCtc, utterances: list[tuple[np.ndarray, str]]
) -> None:
    chunks = [samples for samples, _ in utterances[:4]]
    alone = recogniser.recognise(chunks, "en")
    fresh = conformer.load(conformers, threads=2)  # loaded by the first caller
    with ThreadPoolExecutor(3) as callers:
        futures = [callers.submit(fresh.recognise, part, "en") for part in (chunks, chunks[::-1], chunks[1:3])]
        results = [future.result() for future in futures]
    for words, expected in zip(results, [alone, alone[::-1], alone[1:3]], strict=True):
        assert are_same(words, expected)


@pytest.mark.models
def test_times_follow_the_position_of_the_speech(
    recogniser: conformer.ConformerCtc, utterances: list[tuple[np.ndarray, str]]
) -> None:
    chunks = [samples for samples, _ in utterances[:4]]
    late = [np.concatenate([np.zeros(16_000 * 2, np.float32), samples]) for samples in chunks]
    shifts = []
    for before, after in zip(recogniser.recognise(chunks, "en"), recogniser.recognise(late, "en"), strict=True):
        texts = [[word.text for word in words] for words in (before, after)]
        for block in SequenceMatcher(a=texts[0], b=texts[1], autojunk=False).get_matching_blocks():
            pairs = zip(before[block.a :][: block.size], after[block.b :][: block.size], strict=True)
            shifts += [late_word.start - word.start for word, late_word in pairs]
    # Leading silence changes a few words; the median shift of the others is off by two frames at most.
    assert len(shifts) > 20
    assert np.median(shifts) == pytest.approx(2.0, abs=0.09)


@pytest.mark.models
@pytest.mark.parametrize("samples", [0, 1, 400, 16_000])
def test_very_short_silence_gives_no_words(recogniser: conformer.ConformerCtc, samples: int) -> None:
    assert recogniser.recognise([np.zeros(samples, np.float32)], "en") == [()]
