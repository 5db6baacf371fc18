"""A tiny random Conformer, made by NeMo, exported through the same door as the real one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mediaindex.engines import conformer_ctc, nemo_export
from mediaindex.errors import TerminalError
from mediaindex.models import LocatedModel
from mediaindex.models.digest import file_digest

pytest.importorskip("nemo", reason="NeMo is in the speech environment only")

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
    return conformer_ctc.load(LocatedModel("tiny", weights, "local", file_digest(weights), "MIT", ("en",)), threads=1)


@pytest.fixture(autouse=True)
def cache(made: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MEDIAINDEX_CACHE", str(made / "cache"))
    return made / "cache"


@pytest.mark.parametrize("name", ["a", "b"])
def test_the_export_computes_what_nemo_computes(made: Path, recogniser: conformer_ctc.ConformerCtc, name: str) -> None:
    log_probs = recogniser.log_probs(np.load(made / f"{name}.npy"))
    expected = np.load(made / f"conformer.{name}.npy")
    assert log_probs.shape == expected.shape
    assert np.abs(log_probs - expected).max() < 0.01


def test_a_second_time_nothing_is_exported(
    made: Path, recogniser: conformer_ctc.ConformerCtc, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = made / "conformer.nemo"
    first = nemo_export.exported(weights, file_digest(weights))
    monkeypatch.setattr(nemo_export.subprocess, "run", None)
    assert nemo_export.exported(weights, file_digest(weights)) == first
    assert (first.vocabulary, first.features, first.frame_seconds) == ((" ", "a", "b", "c"), 80, 0.04)


def test_what_is_no_checkpoint_is_an_error_and_leaves_nothing_behind(tmp_path: Path, cache: Path) -> None:
    broken = tmp_path / "broken.nemo"
    broken.write_bytes(b"not a checkpoint")
    with pytest.raises(TerminalError, match=r"broken\.nemo"):
        nemo_export.exported(broken, "ff" * 32)
    assert not list(cache.rglob("*ffff*[!k]"))
    assert not list(cache.rglob(".export-*"))
