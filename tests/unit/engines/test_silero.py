from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mediaindex.engines import silero
from mediaindex.errors import ModelMissingError

spec = importlib.util.find_spec("silero_vad")
pytestmark = [
    pytest.mark.rounding,
    pytest.mark.skipif(spec is None, reason="silero-vad is not in this environment"),
]
DATA = Path(spec.submodule_search_locations[0]) / "data" if spec and spec.submodule_search_locations else Path()
MODEL = DATA / "silero_vad_16k_sequence.onnx"


@pytest.fixture(scope="module")
def detector() -> silero.SileroDetector:
    return silero.load(MODEL, identity="silero")


def noise(samples: int) -> np.ndarray:
    return np.random.default_rng(3).normal(0, 0.1, samples).astype(np.float32)


@pytest.mark.parametrize(("samples", "frames"), [(0, 0), (1, 1), (512, 1), (513, 2), (512 * 512 + 1, 513)])
def test_there_is_one_probability_per_frame(detector: silero.SileroDetector, samples: int, frames: int) -> None:
    probabilities = detector.probabilities(noise(samples))
    assert probabilities.shape == (frames,)
    assert probabilities.dtype == np.float32
    assert np.all((probabilities >= 0) & (probabilities <= 1))


def test_the_state_is_kept_between_calls_of_the_model(
    detector: silero.SileroDetector, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = noise(512 * 40)
    whole = detector.probabilities(samples)
    monkeypatch.setattr(silero, "FRAMES_PER_CALL", 7)
    # Measured: without the state the values change by 0.02, by rounding not at all.
    in_parts = detector.probabilities(samples)
    assert np.allclose(in_parts, whole, atol=1e-3)


def test_each_call_has_a_new_state(detector: silero.SileroDetector) -> None:
    assert np.allclose(detector.probabilities(noise(5000)), detector.probabilities(noise(5000)), atol=1e-5)


def test_the_streaming_model_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError, match=r"silero_vad_16k_sequence\.onnx"):
        silero.load(DATA / "silero_vad.onnx", identity="x").probabilities(noise(512))


def test_torch_is_not_imported() -> None:
    code = "import sys, mediaindex.engines.silero; sys.exit('torch' in sys.modules or 'silero_vad' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=300).returncode == 0
