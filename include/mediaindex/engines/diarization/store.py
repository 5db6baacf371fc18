"""Windows and voices of a recording during diarization, in temporary files: those of a day exceed memory."""

from __future__ import annotations

import tempfile
from array import array
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from .segmentation import FRAMES, LOCAL_SPEAKERS

if TYPE_CHECKING:
    from .voices import Voice

Bits = np.ndarray[Any, np.dtype[np.bool_]]
Floats = np.ndarray[Any, np.dtype[np.float32]]
Integers = np.ndarray[Any, np.dtype[np.signedinteger[Any]]]

_ROWS = 1024  # embeddings read at a time


class Store:
    """A context manager for the windows of one recording, in order, and their voices."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  # closed by __exit__
        self._bits = tempfile.TemporaryFile()  # noqa: SIM115
        self._windows = 0
        self._owners = array("i")  # seven numbers per voice
        self._dimension = 0

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_error: object) -> None:
        self._file.close()
        self._bits.close()

    def add_window(self, active: Bits) -> None:
        """Append the activity of a window, (FRAMES, LOCAL_SPEAKERS)."""
        self._bits.write(np.packbits(active).tobytes())
        self._windows += 1

    def add_voice(self, window: int, voice: Voice) -> None:
        """Append a voice of a window."""
        facts = (voice.speaker, voice.clean, voice.first, voice.after, int(voice.whole), int(voice.mixed))
        self._owners.extend((window, *facts))
        self._dimension = len(voice.embedding)
        self._file.write(voice.embedding.astype(np.float32).tobytes())

    @property
    def window_count(self) -> int:
        """The number of windows added so far."""
        return self._windows

    @property
    def owners(self) -> Integers:
        """Shape (voices, 7): window, local speaker, clean frames, first frame, frame after the last, whole, mixed."""
        return np.frombuffer(self._owners.tobytes(), np.int32).reshape(-1, 7)

    def masks(self, per_block: int) -> Iterator[Bits]:
        """All windows in order, in blocks (windows, FRAMES, LOCAL_SPEAKERS)."""
        bits = FRAMES * LOCAL_SPEAKERS
        size = -(-bits // 8)
        self._bits.seek(0)
        while packed := self._bits.read(per_block * size):
            block = np.unpackbits(np.frombuffer(packed, np.uint8).reshape(-1, size), axis=1, count=bits)
            yield block.reshape(-1, FRAMES, LOCAL_SPEAKERS).astype(np.bool_)

    def voices(self) -> Iterator[Floats]:
        """All embeddings in order, in blocks (voices, dimension)."""
        self._file.seek(0)
        while block := self._file.read(_ROWS * max(1, self._dimension) * 4):
            yield np.frombuffer(block, np.float32).reshape(-1, self._dimension)

    def chosen(self, numbers: Integers) -> Floats:
        """The embeddings of these voices, (numbers, dimension); ``numbers`` must ascend."""
        chosen, first = [], 0
        for block in self.voices():
            inside = numbers[(numbers >= first) & (numbers < first + len(block))]
            chosen.append(block[inside - first])
            first += len(block)
        return np.concatenate(chosen)
