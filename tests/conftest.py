"""What rooms share that costs much to make."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

MAKER = Path(__file__).parent / "builders" / "tiny_nemo.py"
KINDS = ("conformer", "limited", "shared", "fastconformer", "tdt")

# A property is about values. How long one example takes depends on the machine and on what else runs there: by itself
# hypothesis fails a test for an example of 200 ms.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


def pytest_configure(config: pytest.Config) -> None:
    """A marker beside those of pyproject.toml, for `make test-rounding` alone."""
    config.addinivalue_line("markers", "rounding: compares what two libraries compute, without a model's weights")


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
        [sys.executable, str(MAKER), str(folder), *KINDS], check=False, capture_output=True, text=True, timeout=500
    )
    assert done.returncode == 0, done.stderr
    return folder
