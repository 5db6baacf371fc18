from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jiwer
import numpy as np
import pytest
import soundfile

from mediaindex.engines.ctc import conformer as conformer_ctc
from mediaindex.engines.ctc.reader import CtcReader
from mediaindex.engines.runtime.onnx_session import giving_back
from mediaindex.models import LocatedModel

Model = Callable[[str], LocatedModel]
Dataset = Callable[[str], list[dict[str, Any]]]
NAME = "stt-en-conformer-ctc-small"


@pytest.fixture(scope="module")
def recogniser(model: Model) -> conformer_ctc.ConformerCtc:
    return conformer_ctc.load(model(NAME), threads=2)


@pytest.fixture(scope="module")
def utterances(dataset: Dataset) -> list[tuple[np.ndarray, str]]:
    rows = dataset("wer/refs.jsonl")[::10]
    return [(soundfile.read(row["path"], dtype="float32")[0], row["text"]) for row in rows]


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
        Exhausted(), giving_back(), frozenset({"audio_signal"}), 80, CtcReader(("a",), 0.04)
    )
    with pytest.raises(MemoryError, match="Failed to allocate"):
        recogniser.recognise([np.ones(16_000, np.float32)], "en")


@pytest.mark.models
@pytest.mark.shared
def test_words_are_as_right_as_nemos_own(
    recogniser: conformer_ctc.ConformerCtc, utterances: list[tuple[np.ndarray, str]]
) -> None:
    words = recogniser.recognise([samples for samples, _ in utterances], "en")
    said = [" ".join(word.text for word in one) for one in words]
    assert jiwer.wer([text for _, text in utterances], said) < 0.11  # NeMo's transcribe() on these ten: 0.090


@pytest.mark.models
@pytest.mark.shared
def test_words_come_in_the_order_of_the_chunks_and_do_not_depend_on_the_others(
    recogniser: conformer_ctc.ConformerCtc, utterances: list[tuple[np.ndarray, str]]
) -> None:
    chunks = [samples for samples, _ in utterances[:4]]
    assert recogniser.recognise(chunks, "en") == [recogniser.recognise([chunk], "en")[0] for chunk in chunks]


@pytest.mark.models
@pytest.mark.shared
def test_callers_in_several_threads_get_their_own_words(
    model: Model, recogniser: conformer_ctc.ConformerCtc, utterances: list[tuple[np.ndarray, str]]
) -> None:
    chunks = [samples for samples, _ in utterances[:4]]
    alone = recogniser.recognise(chunks, "en")
    fresh = conformer_ctc.load(model(NAME), threads=2)  # loaded by whoever comes first
    with ThreadPoolExecutor(3) as callers:
        asked = [callers.submit(fresh.recognise, part, "en") for part in (chunks, chunks[::-1], chunks[1:3])]
        assert [one.result() for one in asked] == [alone, alone[::-1], alone[1:3]]


@pytest.mark.models
@pytest.mark.shared
def test_words_are_heard_where_they_are(
    recogniser: conformer_ctc.ConformerCtc, utterances: list[tuple[np.ndarray, str]]
) -> None:
    samples = utterances[0][0]
    late = np.concatenate([np.zeros(16_000 * 2, np.float32), samples])
    (at_once,), (after,) = (recogniser.recognise([chunk], "en") for chunk in (samples, late))
    assert after[3].text == at_once[3].text
    assert after[3].start - at_once[3].start == pytest.approx(2.0, abs=0.09)


@pytest.mark.models
@pytest.mark.parametrize("samples", [0, 1, 400, 16_000])
def test_next_to_nothing_is_no_words_and_no_error(recogniser: conformer_ctc.ConformerCtc, samples: int) -> None:
    assert recogniser.recognise([np.zeros(samples, np.float32)], "en") == [()]
