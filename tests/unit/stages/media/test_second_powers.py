from __future__ import annotations

import numpy as np
import pytest

from mediaindex.stages.media.levels import SecondPowers

RATE = 16_000


def pcm(*channels: np.ndarray) -> bytes:
    return np.round(np.stack(channels, axis=1) * 32767).astype("<i2").tobytes()


def sine(amplitude: float, seconds: float) -> np.ndarray:
    return amplitude * np.sin(2 * np.pi * 400 * np.arange(round(seconds * RATE)) / RATE)


@pytest.mark.parametrize("size", [7, 333, 32_000, 64_001, 1 << 20])
def test_powers_do_not_depend_on_the_size_of_pieces(size: int) -> None:
    left = np.concatenate([sine(0.5, 1), sine(0.1, 1), sine(0.2, 0.25)])
    data = pcm(left, 0.3 + np.zeros_like(left), -left)
    powers = SecondPowers(3)
    for start in range(0, len(data), size):
        powers.take(data[start : start + size])
    expected = np.array([[0.125, 0, 0.125], [0.005, 0, 0.005], [0.02, 0, 0.02]])
    assert powers.all() == pytest.approx(expected, rel=0.01, abs=1e-9)


def test_no_audio_has_no_seconds() -> None:
    powers = SecondPowers(2)
    assert powers.all().shape == (0, 2)
    powers.take(b"abc")  # less than a frame
    assert powers.all().shape == (0, 2)
