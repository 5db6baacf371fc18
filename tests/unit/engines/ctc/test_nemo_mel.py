from __future__ import annotations

import numpy as np
import pytest
from onnx_asr.preprocessors.numpy_preprocessor import NemoPreprocessorNumpy

from mediaindex.engines.ctc import nemo_mel

pytestmark = pytest.mark.rounding


@pytest.mark.parametrize("bands", [80, 128])
@pytest.mark.parametrize("samples", [3200, 3359, 16_000 * 7 + 77])
def test_features_equal_those_of_onnx_asr(bands: int, samples: int) -> None:
    chunk = np.random.default_rng(3).normal(0, 0.1, samples).astype(np.float32)
    expected, _ = NemoPreprocessorNumpy(f"nemo{bands}")(chunk[None], np.array([samples]))
    computed = nemo_mel.features(chunk, bands)
    assert computed.dtype == np.float32
    assert computed.shape == (1, bands, samples // nemo_mel.HOP)
    assert np.abs(computed - expected[:, :, : computed.shape[2]]).max() < 2e-3


def test_features_of_silence_are_finite() -> None:
    assert np.isfinite(nemo_mel.features(np.zeros(3200, np.float32), 80)).all()
