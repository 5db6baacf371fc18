"""Levels of decoded audio that a click, a bang or a constant offset does not decide."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from mediaindex.stages.protocols import SAMPLE_RATE

from .levels import FULL_SCALE

if TYPE_CHECKING:
    import numpy as np

    Array: TypeAlias = np.ndarray[Any, Any]

FRAME = SAMPLE_RATE // 100  # samples: 10 ms
OFFSET_FRAMES = 4  # whose mean is the offset: 40 ms, so that it contains a quarter of a percent of a deep voice
BLOCK = 6_000  # frames in memory at a time: 1 min
SUSTAINED = 10  # frames: 0.1 s; shorter sounds are clicks, which speech is not
LOUD = 98.0  # percentile of the time with sound; louder sounds are rare events
HEADROOM_DB = 14.0  # peaks of 26 recordings of speech are 2 to 10 dB above their sustained level
ABOVE_FLOOR_DB = 10.0  # from which a frame has sound
LEAST_OFFSET = 0.2  # share of the power; from there on, speech seems less than 6 dB above it
LOWEST_DB = -127.0


@dataclass(frozen=True, slots=True)
class RobustLevels:
    """``offset``: share of the power below about 12 Hz. ``peak_db``: of the loudest sample, without that.

    ``ceiling_db``: peaks of speech stay below it; a louder sound is a click or another rare event.
    """

    offset: float
    peak_db: float
    ceiling_db: float

    @property
    def has_offset(self) -> bool:
        """Whether the offset distorts measurements of the sound."""
        return self.offset > LEAST_OFFSET


class RobustMeter:
    """Measures interleaved samples; of several channels, the loudest at each time. Memory: 400 bytes per second."""

    def __init__(self, channels: int) -> None:
        self.channels = channels
        self._peaks: list[Array] = []
        self._low = self._total = 0.0

    def take(self, samples: Array) -> None:
        """Add float samples; pieces other than the last must be of whole 40 ms."""
        import numpy as np

        rows = _whole_frames(samples, self.channels)  # (offset frames, samples, channels)
        means = rows.mean(axis=1, keepdims=True)
        self._low += float(np.square(means, dtype=np.float64).sum()) * rows.shape[1]
        self._total += float(np.square(rows, dtype=np.float64).sum())
        distances = np.abs(rows - means).max(axis=2)
        self._peaks.append(distances.reshape(-1, FRAME).max(axis=1))

    def levels(self) -> RobustLevels:
        """The levels of all samples."""
        import numpy as np

        levels = _decibels(np.concatenate([np.zeros(0, np.float32), *self._peaks]))
        peak = float(levels.max(initial=LOWEST_DB))
        return RobustLevels(self._low / self._total if self._total else 0.0, peak, _loud(levels) + HEADROOM_DB)


def of_pcm(path: Path, channels: int) -> RobustLevels:
    """The levels of 16 kHz s16le PCM."""
    import numpy as np

    samples = np.memmap(path, dtype="<i2", mode="r")
    size = BLOCK * FRAME * channels
    meter = RobustMeter(channels)
    for start in range(0, len(samples), size):
        meter.take(samples[start : start + size].astype(np.float32) / np.float32(FULL_SCALE))
    return meter.levels()


def _whole_frames(block: Array, channels: int) -> Array:
    import numpy as np

    rows = block.reshape(-1, channels)
    size = OFFSET_FRAMES * FRAME
    if missing := -len(rows) % size:
        rows = np.concatenate([rows, np.repeat(rows[-1:], missing, axis=0)])
    return rows.reshape(-1, size, channels)


def _loud(levels: Array) -> float:
    """The sustained level (dB) that is exceeded in few of the frames with sound."""
    import numpy as np

    sustained = levels.copy()
    for shift in range(1, min(SUSTAINED, len(levels))):
        np.minimum(sustained[: len(levels) - shift], levels[shift:], out=sustained[: len(levels) - shift])
    sustained = sustained[: max(1, len(levels) - SUSTAINED + 1)]
    if not len(sustained):
        return LOWEST_DB
    sounding = sustained[sustained > np.percentile(sustained, 10) + ABOVE_FLOOR_DB]
    return float(np.percentile(sounding, LOUD) if len(sounding) else sustained.max())


def _decibels(peaks: Array) -> Array:
    import numpy as np

    return 20 * np.log10(np.maximum(peaks, np.float32(10 ** (LOWEST_DB / 20))))


def limiter(ceiling_db: float) -> str:
    """ffmpeg's filters that keep peaks below the ceiling; sound below it is unchanged."""
    # ffmpeg's limiter has no thresholds below -24 dB.
    limiting = "alimiter=limit=1:level=disabled:attack=2:release=20:latency=1"
    return f"volume={-ceiling_db:.2f}dB,{limiting},volume={ceiling_db:.2f}dB"
