"""A tiny random Conformer, made by NeMo, exported through the same door as the real one."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mediaindex.engines import conformer_ctc, nemo_export
from mediaindex.engines.nemo_mel import features
from mediaindex.engines.precision import round_feed_forward
from mediaindex.errors import TerminalError
from mediaindex.models import LocatedModel
from mediaindex.models.digest import file_digest

pytest.importorskip("nemo", reason="NeMo is in the speech environment only")
onnx = pytest.importorskip("onnx", reason="as above")
onnxruntime = pytest.importorskip("onnxruntime", reason="as above")

MAKER = Path(__file__).parents[2] / "builders" / "tiny_nemo.py"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny")
    noise = np.random.default_rng(7)
    for name, length in (("a", 16_000), ("b", 41_234)):
        np.save(folder / f"{name}.npy", noise.normal(0, 0.1, length).astype(np.float32))
    subprocess.run([sys.executable, str(MAKER), str(folder), "conformer"], check=True, capture_output=True, timeout=300)
    return folder


@pytest.fixture(scope="module")
def recogniser(made: Path) -> conformer_ctc.ConformerCtc:
    weights = made / "conformer.nemo"
    located = LocatedModel("tiny", weights, "local", file_digest(weights), "MIT", ("en",))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("MEDIAINDEX_PRECISION", "float32")
        return conformer_ctc.load(located, threads=1)


@pytest.fixture(autouse=True)
def cache(made: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MEDIAINDEX_CACHE", str(made / "cache"))
    return made / "cache"


@pytest.mark.parametrize("name", ["a", "b"])
def test_the_export_computes_what_nemo_computes(made: Path, recogniser: conformer_ctc.ConformerCtc, name: str) -> None:
    log_probs = recogniser.log_probs(np.load(made / f"{name}.npy"))
    expected = np.load(made / f"conformer.{name}.npy")
    assert log_probs.shape == expected.shape
    assert np.abs(log_probs - expected).max() < 0.001


@pytest.mark.parametrize("name", ["a", "b"])
def test_rounded_it_computes_nearly_that(made: Path, rounded: Path, name: str) -> None:
    session = onnxruntime.InferenceSession(rounded, providers=["CPUExecutionProvider"])
    (log_probs,) = session.run(["logprobs"], {"audio_signal": features(np.load(made / f"{name}.npy"), 80)})
    gap = np.abs(log_probs[0] - np.load(made / f"conformer.{name}.npy")).max()
    assert 0.001 < gap < 0.1


def test_the_feed_forward_weights_alone_are_rounded(made: Path, rounded: Path) -> None:
    exact, less = (onnx.load(graph).graph.node for graph in (_exact(made), rounded))
    products = {node.name for node in exact if node.op_type == "MatMul"}
    feed_forward = {name for name in products if "/feed_forward" in name}
    assert len(feed_forward) == 2 * 2 * 2  # layers, feed forwards in each, products in each
    assert {node.name for node in less if node.op_type == "MatMul"} == products - feed_forward
    assert sum(node.op_type == "MatMulInteger" for node in less) == len(feed_forward)


def _exact(made: Path) -> Path:
    weights = made / "conformer.nemo"
    return nemo_export.exported(weights, file_digest(weights), "float32").graph


@pytest.fixture
def rounded(made: Path, tmp_path: Path) -> Path:
    graph = tmp_path / "model.onnx"
    shutil.copy(_exact(made), graph)
    round_feed_forward(graph)
    return graph


def test_a_second_time_nothing_is_exported(
    made: Path, recogniser: conformer_ctc.ConformerCtc, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = made / "conformer.nemo"
    first = nemo_export.exported(weights, file_digest(weights), "float32")
    monkeypatch.setattr(nemo_export.subprocess, "run", None)
    assert nemo_export.exported(weights, file_digest(weights), "float32") == first
    assert (first.vocabulary, first.features, first.frame_seconds) == ((" ", "a", "b", "c"), 80, 0.04)


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_what_is_no_whole_checkpoint_is_an_error_at_once_and_leaves_nothing_behind(
    made: Path, cache: Path, tmp_path: Path, share: float
) -> None:
    broken, whole = tmp_path / "broken.nemo", (made / "conformer.nemo").read_bytes()
    broken.write_bytes(whole[: round(share * len(whole))] or b"not a checkpoint")
    with pytest.raises(TerminalError, match=r"broken\.nemo: .* no whole NeMo checkpoint"):
        nemo_export.exported(broken, "ff" * 32, "float32")
    assert not list(cache.rglob("*ffff*[!k]"))
    assert not list(cache.rglob(".export-*"))


def test_what_cannot_be_exported_is_an_error_and_leaves_nothing_behind(
    made: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    with pytest.raises(TerminalError, match=r"conformer\.nemo: NeMo .* could not export it"):
        nemo_export.exported(made / "conformer.nemo", "ee" * 32, "float32")
    assert not list(cache.rglob("*eeee*[!k]"))
    assert not list(cache.rglob(".export-*"))
