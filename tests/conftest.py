"""What rooms share that costs much to make."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

MAKER = Path(__file__).parent / "builders" / "tiny_nemo.py"
KINDS = ("conformer", "limited", "shared", "fastconformer", "tdt")


@pytest.fixture(scope="session")
def tiny_nemo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tiny checkpoints, two recordings (``a.npy``, ``b.npy``) and what NeMo hears in them: see the maker."""
    pytest.importorskip("nemo", reason="NeMo is in the speech environment only")
    import numpy as np  # as above

    folder = tmp_path_factory.mktemp("tiny")
    noise = np.random.default_rng(7)
    for name, length in (("a", 16_000), ("b", 41_234)):
        np.save(folder / f"{name}.npy", noise.normal(0, 0.1, length).astype(np.float32))
    done = subprocess.run(
        [sys.executable, str(MAKER), str(folder), *KINDS], check=False, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return folder
