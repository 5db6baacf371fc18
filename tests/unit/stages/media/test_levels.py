from __future__ import annotations

import numpy as np
import pytest

from mediaindex.stages.media.levels import TypicalLevel

RATE = 16_000


def noise(decibels: float, seconds: float) -> bytes:
    samples = np.random.default_rng(1).normal(0.02, 10 ** (decibels / 20), round(seconds * RATE))
    return np.clip(np.round(samples * 32768), -32768, 32767).astype("<i2").tobytes()


@pytest.mark.parametrize("size", [7, 4096, 65_536, 1 << 20])
def test_the_level_is_that_of_the_median_second_for_any_size_of_pieces(size: int) -> None:
    data = noise(-60, 4) + noise(-30, 5.5) + noise(-12, 0.5)
    level = TypicalLevel()
    for start in range(0, len(data), size):
        level.take(data[start : start + size])
    assert level.decibels() == pytest.approx(-30, abs=1)


def test_less_than_a_second_has_a_level() -> None:
    level = TypicalLevel()
    assert level.decibels() == pytest.approx(-90)
    level.take(noise(-20, 0.5) + b"x")
    assert level.decibels() == pytest.approx(-20, abs=1)
