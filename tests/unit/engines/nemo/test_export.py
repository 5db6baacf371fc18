"""A tiny random Conformer, made by NeMo, exported through the same door as the real one."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from mediaindex.engines.ctc import conformer as conformer_ctc
from mediaindex.engines.ctc.nemo_mel import features
from mediaindex.engines.nemo import export as nemo_export
from mediaindex.errors import TerminalError
from mediaindex.models import LocatedModel
from mediaindex.models.files import file_digest

pytest.importorskip("nemo", reason="NeMo is in the speech environment only")
onnx = pytest.importorskip("onnx", reason="as above")
onnxruntime = pytest.importorskip("onnxruntime", reason="as above")

pytestmark = pytest.mark.rounding

PRECISIONS = ("float32", "int8")


@pytest.fixture(scope="module")
def recogniser(tiny_nemo: Path) -> conformer_ctc.ConformerCtc:
    weights = tiny_nemo / "conformer.nemo"
    located = LocatedModel("tiny", weights, "local", file_digest(weights), "MIT", ("en",))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("MEDIAINDEX_PRECISION", "float32")
        return conformer_ctc.load(located, threads=1)


@pytest.fixture(autouse=True)
def cache(tiny_nemo: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MEDIAINDEX_CACHE", str(tiny_nemo / "cache"))
    return tiny_nemo / "cache"


@pytest.mark.parametrize("name", ["a", "b"])
def test_the_export_computes_what_nemo_computes(
    tiny_nemo: Path, recogniser: conformer_ctc.ConformerCtc, name: str
) -> None:
    log_probs = recogniser.log_probs(np.load(tiny_nemo / f"{name}.npy"))
    expected = np.load(tiny_nemo / f"conformer.{name}.npy")
    assert log_probs.shape == expected.shape
    assert np.abs(log_probs - expected).max() < 0.001


@pytest.mark.parametrize("kind", ["conformer", "limited", "shared"])
def test_exports_compute_what_nemo_computes_and_rounded_ones_nearly_that(tiny_nemo: Path, kind: str) -> None:
    for name in ("a", "b"):
        expected = np.load(tiny_nemo / f"{kind}.{name}.npy")
        exact, rounded = (
            _computed(tiny_nemo / f"{kind}.{precision}", tiny_nemo / f"{name}.npy") for precision in PRECISIONS
        )
        assert np.abs(exact - expected).max() < 0.001
        assert 0.001 < np.abs(rounded - expected).max() < 0.15


def _computed(folder: Path, samples: Path) -> np.ndarray:
    session = onnxruntime.InferenceSession(folder / "model.onnx", providers=["CPUExecutionProvider"])
    heard = features(np.load(samples), 80)
    given = {"audio_signal": heard, "length": np.array([heard.shape[2]])}
    (found,) = session.run(["logprobs"], {one.name: given[one.name] for one in session.get_inputs()})
    return found[0]


def test_the_feed_forward_weights_and_the_second_convolution_alone_are_rounded(tiny_nemo: Path) -> None:
    exact, less = (onnx.load(tiny_nemo / f"conformer.{one}" / "model.onnx").graph.node for one in PRECISIONS)
    products = {node.name for node in exact if node.op_type == "MatMul"}
    feed_forward = {name for name in products if "/feed_forward" in name}
    assert len(feed_forward) == 2 * 2 * 2  # layers, feed forwards in each, products in each
    assert {node.name for node in less if node.op_type == "MatMul"} == products - feed_forward
    assert sum(node.op_type == "MatMulInteger" for node in less) == len(feed_forward)
    assert sum(node.op_type == "MatMulIntegerToFloat" for node in less) == 1
    convolutions = [sum(node.op_type == "Conv" for node in graph) for graph in (exact, less)]
    assert convolutions[0] - convolutions[1] == 1


def test_a_second_time_nothing_is_exported(
    tiny_nemo: Path, recogniser: conformer_ctc.ConformerCtc, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = tiny_nemo / "conformer.nemo"
    first = nemo_export.exported(weights, file_digest(weights), "float32")
    monkeypatch.setattr(nemo_export.subprocess, "run", None)
    assert nemo_export.exported(weights, file_digest(weights), "float32") == first
    assert (first.vocabulary, first.features, first.frame_seconds) == ((" ", "a", "b", "c"), 80, 0.04)


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_what_is_no_whole_checkpoint_is_an_error_at_once_and_leaves_nothing_behind(
    tiny_nemo: Path, cache: Path, tmp_path: Path, share: float
) -> None:
    broken, whole = tmp_path / "broken.nemo", (tiny_nemo / "conformer.nemo").read_bytes()
    broken.write_bytes(whole[: round(share * len(whole))] or b"not a checkpoint")
    with pytest.raises(TerminalError, match=r"broken\.nemo: .* no whole NeMo checkpoint"):
        nemo_export.exported(broken, "ff" * 32, "float32")
    assert not list(cache.rglob("*ffff*[!k]"))
    assert not list(cache.rglob(".export-*"))


def test_what_cannot_be_exported_is_an_error_and_leaves_nothing_behind(
    tiny_nemo: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    with pytest.raises(TerminalError, match=r"conformer\.nemo: NeMo .* could not export it"):
        nemo_export.exported(tiny_nemo / "conformer.nemo", "ee" * 32, "float32")
    assert not list(cache.rglob("*eeee*[!k]"))
    assert not list(cache.rglob(".export-*"))
