"""FastConformer and transducers give the same words in ONNX, in torch and in NeMo itself."""

from __future__ import annotations

import json
from pathlib import Path

import jiwer
import numpy as np
import pytest
import soundfile

from mediaindex.engines.ctc import conformer as conformer_ctc
from mediaindex.engines.nemo import torch as nemo_torch
from mediaindex.engines.runtime import device
from mediaindex.models import LocatedModel
from mediaindex.models.files import file_digest
from mediaindex.settings import Device
from mediaindex.stages.protocols import Recogniser
from tests.builders import corpus

pytest.importorskip("nemo", reason="NeMo is in the speech environment only")

pytestmark = pytest.mark.rounding

NAMES = ("a", "b")


@pytest.fixture(autouse=True)
def as_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDIAINDEX_PRECISION", "float32")


@pytest.fixture
def chunks(tiny_nemo: Path) -> list[np.ndarray]:
    return [np.load(tiny_nemo / f"{name}.npy") for name in NAMES]


def located(weights: Path) -> LocatedModel:
    return LocatedModel(weights.stem, weights, "local", file_digest(weights), "MIT", ("en",))


def margin(expected: np.ndarray) -> float:
    """The smallest difference between the scores of the two likeliest classes."""
    best = np.sort(expected, axis=-1)
    return float((best[..., -1] - best[..., -2]).min())


def heard(recogniser: Recogniser, chunks: list[np.ndarray]) -> list[list[tuple[str, float, float]]]:
    found = recogniser.recognise(chunks, "en")
    return [[(word.text, word.start, word.end) for word in words] for words in found]


def test_a_fastconformer_through_onnx_and_through_torch_is_what_nemo_computes(
    tiny_nemo: Path, chunks: list[np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEDIAINDEX_CACHE", str(tiny_nemo / "cache"))
    model = located(tiny_nemo / "fastconformer.nemo")
    exported = conformer_ctc.load(model, threads=1)
    for name, chunk in zip(NAMES, chunks, strict=True):
        expected = np.load(tiny_nemo / f"fastconformer.{name}.npy")
        found = exported.log_probs(chunk)
        assert found.shape == expected.shape
        assert np.abs(found - expected).max() < 0.01
    words = heard(exported, chunks)
    assert any(words)
    assert heard(nemo_torch.load(model, "cpu"), chunks) == words


def test_a_transducer_with_durations_gives_the_words_of_nemo(tiny_nemo: Path, chunks: list[np.ndarray]) -> None:
    recogniser = nemo_torch.load(located(tiny_nemo / "tdt.nemo"), "cpu")
    told_by_nemo = [json.loads((tiny_nemo / f"tdt.{name}.json").read_text("utf-8")) for name in NAMES]
    expected = [[word for word in told if word[0].strip() != "⁇"] for told in told_by_nemo]
    assert all(expected)
    for words, told, chunk in zip(recogniser.recognise(chunks, "en"), expected, chunks, strict=True):
        assert [word.text for word in words] == [text for text, _, _ in told]
        assert [word.start for word in words] == pytest.approx([start for _, start, _ in told], abs=0.002)
        assert all(0 < word.confidence <= 1 for word in words)
        assert words[-1].end <= len(chunk) / 16_000


@pytest.mark.parametrize("where", {"cpu", device.device()})
def test_torch_and_onnx_give_the_same_words_for_real_speech(conformers: LocatedModel, where: Device) -> None:
    chunks = [soundfile.read(one.path, dtype="float32")[0] for one in corpus.readings()[::2]]
    onnx, torch = (
        [" ".join(word.text for word in words) for words in recogniser.recognise(chunks, "en")]
        for recogniser in (conformer_ctc.load(conformers), nemo_torch.load(conformers, where))
    )
    # Sums in another order, or bfloat16's three digits: a doubtful word in a hundred may tip over. Measured on a CPU:
    # none of 190 words of the published weights, one of 217 of the small ones.
    assert jiwer.wer(onnx, torch) <= 0.02
