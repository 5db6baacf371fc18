"""How loud a recording is most of the time, for next to nothing: from a few samples of each second."""

from __future__ import annotations

import math
import statistics
from array import array
from operator import mul
from typing import TYPE_CHECKING, Any, TypeAlias

from mediaindex.stages.protocols import SAMPLE_RATE

from .second_powers import BYTES, FULL_SCALE

if TYPE_CHECKING:
    import numpy as np

    from mediaindex.stages.protocols import Samples

    Mask: TypeAlias = np.ndarray[Any, np.dtype[np.bool_]]


FEWEST_FRAMES = 10  # about 0.3 s of each; less is chance
FLOOR = 1e-9  # power, -90 dBFS: below 16 bit there is nothing to compare with
MOST_DB = 60.0  # more is digital silence between words, which says nothing about the recording


def frame_levels(samples: Samples, frame: int) -> Samples:
    """Mean power of each frame of ``frame`` samples (full scale is 1), the last one filled up with silence."""
    import numpy as np

    count = -(-len(samples) // frame)
    filled = np.zeros(count * frame, dtype=np.float32)
    filled[: len(samples)] = samples
    return np.mean(np.square(filled.reshape(count, frame)), axis=1)  # type: ignore[no-any-return]


def snr_db(powers: Samples, speech: Mask, background: Mask) -> float | None:
    """Signal-to-noise ratio (dB) from frame powers and two boolean masks; None where there is too little of either.

    The background's power is the median of its frames, so a door that slams does not count as noise. Speech is the
    mean power of its frames up to their 95th percentile, less the background that runs on below it: close to the ratio
    by which a clean voice and a noise were mixed. Clipped to [-20, 60].
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
STRIDE = 31  # every 31st sample: 516 a second, at no even share of a tone


class TypicalLevel:
    """Level of the median second of 16 kHz mono s16le; a constant offset is no sound. 0.4 MB a day are kept.

    Without numpy: every recording of several channels passes here, and its import would cost more than the measuring.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._powers = array("f")

    def take(self, piece: bytes) -> None:
        """The next bytes; a piece may end anywhere."""
        data = self._rest + piece
        whole = len(data) // SECOND * SECOND
        self._powers.extend(_power(data[start : start + SECOND]) for start in range(0, whole, SECOND))
        self._rest = data[whole:]

    def decibels(self) -> float:
        """Below full scale, at least -90; what is shorter than a second counts as one."""
        powers = self._powers or [_power(self._rest[: len(self._rest) // BYTES * BYTES])]
        return 10 * math.log10(max(statistics.median(powers), FLOOR))


def _power(pcm: bytes) -> float:
    samples: list[int] = memoryview(pcm).cast("h")[::STRIDE].tolist()
    if not samples:
        return 0.0
    mean = sum(samples) / len(samples)
    square: int = sum(map(mul, samples, samples))
    return (square / len(samples) - mean * mean) / FULL_SCALE**2
