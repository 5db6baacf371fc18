"""Measure the power of each second of PCM while it is streamed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from mediaindex.stages.protocols import SAMPLE_RATE

if TYPE_CHECKING:
    import numpy as np

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
