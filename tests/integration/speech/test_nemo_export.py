"""The export of a tiny random Conformer made by NeMo."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mediaindex.engines.ctc import conformer
from mediaindex.engines.ctc.nemo_mel import features
from mediaindex.engines.nemo import export
from mediaindex.errors import TerminalError
from mediaindex.models import LocatedModel
from mediaindex.models.files import file_digest

pytest.importorskip("nemo", reason="NeMo is in the speech environment only")
onnx = pytest.importorskip("onnx", reason="as above")
onnxruntime = pytest.importorskip("onnxruntime", reason="as above")

pytestmark = pytest.mark.rounding

PRECISIONS = ("float32", "int8")


@pytest.fixture(scope="module")
def recogniser(tiny_nemo: Path) -> conformer.ConformerCtc:
    weights = tiny_nemo / "conformer.nemo"
    located = LocatedModel("tiny", weights, "local", file_digest(weights), "MIT", ("en",))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("MEDIAINDEX_PRECISION", "float32")
        return conformer.load(located, threads=1)


@pytest.fixture(autouse=True)
def cache(tiny_nemo: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MEDIAINDEX_CACHE", str(tiny_nemo / "cache"))
    return tiny_nemo / "cache"


@pytest.mark.parametrize("name", ["a", "b"])
def test_the_export_computes_the_same_as_nemo(tiny_nemo: Path, recogniser: conformer.ConformerCtc, name: str) -> None:
    log_probs = recogniser.log_probs(np.load(tiny_nemo / f"{name}.npy"))
    expected = np.load(tiny_nemo / f"conformer.{name}.npy")
    assert log_probs.shape == expected.shape
    assert np.abs(log_probs - expected).max() < 0.001


@pytest.mark.parametrize("kind", ["conformer", "limited", "shared"])
def test_exact_exports_compute_the_same_as_nemo_and_rounded_ones_nearly(tiny_nemo: Path, kind: str) -> None:
    for name in ("a", "b"):
        expected = np.load(tiny_nemo / f"{kind}.{name}.npy")
        exact, rounded = (
            _computed(tiny_nemo / f"{kind}.{precision}", tiny_nemo / f"{name}.npy") for precision in PRECISIONS
        )
        assert np.abs(exact - expected).max() < 0.001
        assert 0.001 < np.abs(rounded - expected).max() < 0.15


def _computed(folder: Path, samples: Path) -> np.ndarray:
    session = onnxruntime.InferenceSession(folder / "model.onnx", providers=["CPUExecutionProvider"])
    mel = features(np.load(samples), 80)
    values = {"audio_signal": mel, "length": np.array([mel.shape[2]])}
    inputs = {graph_input.name: values[graph_input.name] for graph_input in session.get_inputs()}
    (log_probs,) = session.run(["logprobs"], inputs)
    first: np.ndarray = log_probs[0]
    return first


def test_only_feed_forward_layers_and_the_second_convolution_are_rounded(tiny_nemo: Path) -> None:
    exact, rounded = (onnx.load(tiny_nemo / f"conformer.{name}" / "model.onnx").graph.node for name in PRECISIONS)
    products = {node.name for node in exact if node.op_type == "MatMul"}
    feed_forward = {name for name in products if "/feed_forward" in name}
    assert len(feed_forward) == 2 * 2 * 2  # layers, feed-forward blocks per layer, products per block
    assert {node.name for node in rounded if node.op_type == "MatMul"} == products - feed_forward
    assert sum(node.op_type == "MatMulInteger" for node in rounded) == len(feed_forward)
    assert sum(node.op_type == "MatMulIntegerToFloat" for node in rounded) == 1
    convolutions = [sum(node.op_type == "Conv" for node in graph) for graph in (exact, rounded)]
    assert convolutions[0] - convolutions[1] == 1


def test_the_second_call_exports_nothing(
    tiny_nemo: Path, recogniser: conformer.ConformerCtc, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = tiny_nemo / "conformer.nemo"
    first = export.exported(weights, file_digest(weights), "float32")
    monkeypatch.setattr(subprocess, "run", None)
    assert export.exported(weights, file_digest(weights), "float32") == first
    assert (first.vocabulary, first.features, first.frame_seconds) == ((" ", "a", "b", "c"), 80, 0.04)


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_an_incomplete_checkpoint_is_an_error_and_leaves_nothing_behind(
    tiny_nemo: Path, cache: Path, tmp_path: Path, share: float
) -> None:
    broken, whole = tmp_path / "broken.nemo", (tiny_nemo / "conformer.nemo").read_bytes()
    broken.write_bytes(whole[: round(share * len(whole))] or b"not a checkpoint")
    with pytest.raises(TerminalError, match=r"broken\.nemo: not a complete NeMo checkpoint"):
        export.exported(broken, "ff" * 32, "float32")
    assert not list(cache.rglob("*ffff*[!k]"))
    assert not list(cache.rglob(".export-*"))


def test_a_failed_export_is_an_error_and_leaves_nothing_behind(
    tiny_nemo: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    with pytest.raises(TerminalError, match=r"conformer\.nemo: NeMo .* cannot export this file"):
        export.exported(tiny_nemo / "conformer.nemo", "ee" * 32, "float32")
    assert not list(cache.rglob("*eeee*[!k]"))
    assert not list(cache.rglob(".export-*"))
