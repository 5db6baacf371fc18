"""How loud a recording is most of the time, for next to nothing: from a few samples of each second."""

from __future__ import annotations

import math
import statistics
from array import array
from operator import mul

from mediaindex.stages.protocols import SAMPLE_RATE

from .second_powers import BYTES, FULL_SCALE
from .signal_level import FLOOR

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
