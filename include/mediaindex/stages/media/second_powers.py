"""How loud each second of PCM is, while it passes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from mediaindex.stages.protocols import SAMPLE_RATE

if TYPE_CHECKING:
    import numpy as np

    Powers: TypeAlias = np.ndarray[Any, np.dtype[np.float32]]

BYTES = 2  # a sample
FULL_SCALE = 32768.0


class SecondPowers:
    """Power of each second and channel of interleaved 16 kHz s16le; full scale is 1, a constant offset is no sound.

    Four bytes a second and channel are kept: 0.4 MB a channel and day.
    """

    def __init__(self, channels: int) -> None:
        self.channels = channels
        self._second = SAMPLE_RATE * channels * BYTES
        self._rest = b""
        self._found: list[Powers] = []

    def take(self, piece: bytes) -> None:
        """The next bytes; a piece may end anywhere."""
        data = self._rest + piece
        whole = len(data) // self._second * self._second
        self._rest = data[whole:]
        if whole:
            self._found.append(self._powers(data[:whole], SAMPLE_RATE))

    def all(self) -> Powers:
        """Shape (seconds, channels); the last one may be the power of less than a second."""
        import numpy as np

        frames = len(self._rest) // (BYTES * self.channels)
        tail = [self._powers(self._rest[: frames * BYTES * self.channels], frames)] if frames else []
        return np.concatenate([np.zeros((0, self.channels), np.float32), *self._found, *tail])

    def _powers(self, data: bytes, frames: int) -> Powers:
        import numpy as np

        samples = np.frombuffer(data, "<i2").reshape(-1, frames, self.channels).transpose(0, 2, 1)
        rows = np.ascontiguousarray(samples, dtype=np.float32)
        rows *= np.float32(1 / FULL_SCALE)
        return rows.var(axis=2)  # type: ignore[no-any-return]
