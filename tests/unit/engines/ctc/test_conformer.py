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

from mediaindex.engines.ctc import conformer as conformer_ctc
from mediaindex.engines.ctc.reader import CtcReader
from mediaindex.engines.runtime.onnx_session import shrinking_arena
from mediaindex.models import LocatedModel
from mediaindex.timeline import Word
from tests.builders import corpus

NAME = "stt-en-conformer-ctc-small"


@pytest.fixture(scope="module")
def recogniser(conformers: LocatedModel) -> conformer_ctc.ConformerCtc:
    return conformer_ctc.load(conformers, threads=2)


@pytest.fixture(scope="module")
def utterances(conformers: LocatedModel) -> list[tuple[np.ndarray, str]]:
    """What the weights can be asked to understand: the corpus, of which the small ones know nothing else, and more."""
    more = [] if corpus.is_small(conformers.path) else corpus.librispeech()[::5]
    recordings = [*(one for reader in corpus.readers().values() for one in reader[:4]), *more]
    return [(soundfile.read(one.path, dtype="float32")[0], one.text) for one in recordings]


def test_the_identity_is_known_without_loading_anything(tmp_path: Path) -> None:
    located = LocatedModel(NAME, tmp_path / "absent.nemo", "local", "ab" * 32, "MIT", ("en",))
    assert "ab" * 32 in conformer_ctc.load(located).identity


def test_what_was_recognised_in_one_precision_is_never_taken_for_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    located = LocatedModel("tiny", tmp_path / "absent.nemo", "local", "ab" * 32, "MIT", ("en",))
    rounded = conformer_ctc.load(located).identity
    monkeypatch.setenv("MEDIAINDEX_PRECISION", "float32")
    assert conformer_ctc.load(located).identity != rounded


def test_importing_the_engine_imports_neither_nemo_nor_torch() -> None:
    code = "import sys, mediaindex.engines.ctc.conformer; print({'torch', 'nemo'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


class Exhausted:
    """Stands for a session that finds no memory, as ONNX Runtime tells it."""

    def run(self, *_: Any) -> list[np.ndarray]:
        raise RuntimeError("[ONNXRuntimeError] : 1 : FAIL : Failed to allocate memory for requested buffer of size 1")


def test_no_memory_for_a_chunk_is_a_memory_error_and_no_gap(tmp_path: Path) -> None:
    recogniser = conformer_ctc.load(LocatedModel(NAME, tmp_path / "absent.nemo", "local", "ab" * 32, "MIT", ("en",)))
    recogniser._model._ready = conformer_ctc._Loaded(
        Exhausted(), shrinking_arena(), frozenset({"audio_signal"}), 80, CtcReader(("a",), 0.04)
    )
    with pytest.raises(MemoryError, match="Failed to allocate"):
        recogniser.recognise([np.ones(16_000, np.float32)], "en")


def alike(found: Sequence[Sequence[Word]], expected: Sequence[Sequence[Word]]) -> bool:
    """The same words at the same times; the last digits of a confidence depend on where numbers lie in memory."""
    assert [[(word.text, word.start, word.end) for word in words] for words in found] == [
        [(word.text, word.start, word.end) for word in words] for words in expected
    ]
    return [word.confidence for words in found for word in words] == pytest.approx(
        [word.confidence for words in expected for word in words], abs=0.01
    )


@pytest.mark.models
def test_words_are_as_right_as_nemos_own(
    recogniser: conformer_ctc.ConformerCtc, utterances: list[tuple[np.ndarray, str]]
) -> None:
    words = recogniser.recognise([samples for samples, _ in utterances], "en")
    said = [" ".join(word.text for word in one) for one in words]
    # Of 396 words of readers 10 % are wrong, a few more or less in each rounding, and of half of them NeMo's own
    # transcribe() gets 9 % wrong. Features, pieces or weights that are wrong in any way cost tens of percent.
    assert jiwer.wer([text for _, text in utterances], said) < 0.15


@pytest.mark.models
def test_words_come_in_the_order_of_the_chunks_and_do_not_depend_on_the_others(
    recogniser: conformer_ctc.ConformerCtc, utterances: list[tuple[np.ndarray, str]]
) -> None:
    chunks = [samples for samples, _ in utterances[:4]]
    together, alone = recogniser.recognise(chunks, "en"), [recogniser.recognise([chunk], "en")[0] for chunk in chunks]
    assert alike(together, alone)


@pytest.mark.models
def test_callers_in_several_threads_get_their_own_words(
    conformers: LocatedModel, recogniser: conformer_ctc.ConformerCtc, utterances: list[tuple[np.ndarray, str]]
) -> None:
    chunks = [samples for samples, _ in utterances[:4]]
    alone = recogniser.recognise(chunks, "en")
    fresh = conformer_ctc.load(conformers, threads=2)  # loaded by whoever comes first
    with ThreadPoolExecutor(3) as callers:
        asked = [callers.submit(fresh.recognise, part, "en") for part in (chunks, chunks[::-1], chunks[1:3])]
        found = [one.result() for one in asked]
    for mine, expected in zip(found, [alone, alone[::-1], alone[1:3]], strict=True):
        assert alike(mine, expected)


@pytest.mark.models
def test_words_are_heard_where_they_are(
    recogniser: conformer_ctc.ConformerCtc, utterances: list[tuple[np.ndarray, str]]
) -> None:
    chunks = [samples for samples, _ in utterances[:4]]
    late = [np.concatenate([np.zeros(16_000 * 2, np.float32), samples]) for samples in chunks]
    shifts = []
    for before, after in zip(recogniser.recognise(chunks, "en"), recogniser.recognise(late, "en"), strict=True):
        texts = [[word.text for word in words] for words in (before, after)]
        for block in SequenceMatcher(a=texts[0], b=texts[1], autojunk=False).get_matching_blocks():
            pairs = zip(before[block.a :][: block.size], after[block.b :][: block.size], strict=True)
            shifts += [two.start - one.start for one, two in pairs]
    # Silence before them changes a few of the words; of all the others, the middle one is moved by two frames at most.
    assert len(shifts) > 20
    assert np.median(shifts) == pytest.approx(2.0, abs=0.09)


@pytest.mark.models
@pytest.mark.parametrize("samples", [0, 1, 400, 16_000])
def test_next_to_nothing_is_no_words_and_no_error(recogniser: conformer_ctc.ConformerCtc, samples: int) -> None:
    assert recogniser.recognise([np.zeros(samples, np.float32)], "en") == [()]
