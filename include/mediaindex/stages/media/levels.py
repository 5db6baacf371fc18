"""Levels of recordings: of frames, of speech above the background, and of the median second."""

from __future__ import annotations

import math
import statistics
from array import array
from operator import mul
from typing import TYPE_CHECKING, Any, TypeAlias

from mediaindex.stages.protocols import SAMPLE_RATE

if TYPE_CHECKING:
    import numpy as np

    from mediaindex.stages.protocols import Samples

    Mask: TypeAlias = np.ndarray[Any, np.dtype[np.bool_]]
    Powers: TypeAlias = np.ndarray[Any, np.dtype[np.float32]]


BYTES = 2  # per sample
FULL_SCALE = 32768.0


class SecondPowers:
    """Power of each second and channel of interleaved 16 kHz s16le. Full scale is 1; a constant offset does not count.

    Memory: four bytes per second and channel, 0.4 MB per channel and day.
    """

    def __init__(self, channels: int) -> None:
        self.channels = channels
        self._second = SAMPLE_RATE * channels * BYTES
        self._rest = b""
        self._measured: list[Powers] = []

    def take(self, piece: bytes) -> None:
        """Add the next bytes; a piece may end anywhere."""
        data = self._rest + piece
        whole = len(data) // self._second * self._second
        self._rest = data[whole:]
        if whole:
            self._measured.append(self._powers(data[:whole], SAMPLE_RATE))

    def all(self) -> Powers:
        """All powers, shape (seconds, channels); the last row may be of less than a second."""
        import numpy as np

        frames = len(self._rest) // (BYTES * self.channels)
        tail = [self._powers(self._rest[: frames * BYTES * self.channels], frames)] if frames else []
        return np.concatenate([np.zeros((0, self.channels), np.float32), *self._measured, *tail])

    def _powers(self, data: bytes, frames: int) -> Powers:
        import numpy as np

        samples = np.frombuffer(data, "<i2").reshape(-1, frames, self.channels).transpose(0, 2, 1)
        rows = np.ascontiguousarray(samples, dtype=np.float32)
        rows *= np.float32(1 / FULL_SCALE)
        return rows.var(axis=2)  # type: ignore[no-any-return]


FEWEST_FRAMES = 10  # about 0.3 s of each; fewer are not representative
FLOOR = 1e-9  # power, -90 dBFS: the resolution of 16 bits
AUDIBLE = 1e-7  # power, -70 dBFS: quieter sound does not count
MOST_DB = 60.0  # a higher ratio means digital silence between words


def frame_levels(samples: Samples, frame: int) -> Samples:
    """Mean power per frame of ``frame`` samples, shape (frames,); full scale is 1. The last frame is zero-padded."""
    import numpy as np

    count = -(-len(samples) // frame)
    filled = np.zeros(count * frame, dtype=np.float32)
    filled[: len(samples)] = samples
    return np.mean(np.square(filled.reshape(count, frame)), axis=1)  # type: ignore[no-any-return]


def snr_db(powers: Samples, speech: Mask, background: Mask) -> float | None:
    """Signal-to-noise ratio (dB) from frame powers and two boolean masks; None if either has too few frames.

    The background's power is the median of its frames, so that a slamming door does not count as noise. Speech is the
    mean power of its frames up to their 95th percentile, minus the background: close to the ratio by which a clean
    voice and a noise were mixed. Clipped to [-20, 60].
    """
    import numpy as np

    if speech.sum() < FEWEST_FRAMES or background.sum() < FEWEST_FRAMES:
        return None
    noise = max(float(np.median(powers[background])), FLOOR)
    loud = powers[speech]
    total = float(loud[loud <= np.percentile(loud, 95)].mean())
    voice = max(total - noise, noise / 100)
    return round(min(MOST_DB, 10 * math.log10(voice / noise)), 1)


SECOND = SAMPLE_RATE * BYTES
STRIDE = 31  # every 31st sample: 516 per second, not in step with common tones


class TypicalLevel:
    """Level of the median second of 16 kHz mono s16le, from a few samples per second. A constant offset does not count.

    Memory: 0.4 MB per day. Without numpy, because its import would take longer than the measurement of a recording.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._powers = array("f")

    def take(self, piece: bytes) -> None:
        """Add the next bytes; a piece may end anywhere."""
        data = self._rest + piece
        whole = len(data) // SECOND * SECOND
        self._powers.extend(_power(data[start : start + SECOND]) for start in range(0, whole, SECOND))
        self._rest = data[whole:]

    def decibels(self) -> float:
        """The level in dB below full scale, at least -90; audio shorter than a second counts as one second."""
        powers = self._powers or [_power(self._rest[: len(self._rest) // BYTES * BYTES])]
        return 10 * math.log10(max(statistics.median(powers), FLOOR))


def _power(pcm: bytes) -> float:
    samples: list[int] = memoryview(pcm).cast("h")[::STRIDE].tolist()
    if not samples:
        return 0.0
    mean = sum(samples) / len(samples)
    square: int = sum(map(mul, samples, samples))
    return (square / len(samples) - mean * mean) / FULL_SCALE**2
