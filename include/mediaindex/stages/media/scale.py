"""Sources whose samples do not fit into 16 bits as they are: beyond full scale, or so quiet that little would be left.

Floating-point PCM may have any scale: some programs write it in the range of 16-bit integers. Recorders with 24 or 32
bits are used without a gain, so that speech may be near the resolution of 16 bits.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .decode import Pcm, read_samples
from .robust_levels import BLOCK, FRAME, RobustLevels, RobustMeter, of_pcm

if TYPE_CHECKING:
    from .probe import AudioStream, SourceFile

SIZE = 4 * FRAME * BLOCK  # bytes in memory at a time
MOST_DB = 3.0  # of peaks above full scale, which are rather clipped than scaled
FULL_DB = -3.0  # of peaks after scaling
QUIET_DB = -40.0  # of peaks, below which 16 bits are too few: a voice is 10 to 20 dB quieter than its peaks


def with_scale(source: SourceFile, stream: AudioStream, max_seconds: float) -> AudioStream:
    """The stream with the gain that makes floating-point PCM fit; another stream unchanged.

    Decodes it once more. Raises BadMediaError (``timed_out``).
    """
    if not stream.codec.startswith(("pcm_f32", "pcm_f64")):
        return stream
    meter = _FloatMeter()
    read_samples(source, stream, meter.take, max_seconds=max_seconds)
    peak = _typical_peak(meter.levels())
    return replace(stream, scale_db=round(FULL_DB - peak, 1)) if peak > MOST_DB else stream


def raised(stream: AudioStream, pcm: Pcm) -> AudioStream | None:
    """The stream with a gain if ``pcm`` is too quiet for 16 bits and the source has more; otherwise None."""
    if not stream.wide or stream.scale_db:
        return None
    peak = _typical_peak(of_pcm(pcm.path, 1))
    return replace(stream, scale_db=round(FULL_DB - peak, 1)) if peak < QUIET_DB else None


def _typical_peak(levels: RobustLevels) -> float:
    return min(levels.peak_db, levels.ceiling_db)


class _FloatMeter:
    """Measures f32le in pieces that may end anywhere."""

    def __init__(self) -> None:
        self._meter = RobustMeter(1)
        self._rest = b""

    def take(self, piece: bytes) -> None:
        data = self._rest + piece
        whole = len(data) // SIZE * SIZE
        self._rest = data[whole:]
        self._measure(data[:whole])

    def levels(self) -> RobustLevels:
        self._measure(self._rest[: len(self._rest) // 4 * 4])
        return self._meter.levels()

    def _measure(self, data: bytes) -> None:
        import numpy as np

        if data:
            self._meter.take(np.nan_to_num(np.frombuffer(data, "<f4"), nan=0.0, posinf=0.0, neginf=0.0))
