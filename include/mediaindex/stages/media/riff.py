"""WAV and AIFF files that hold more than their header says.

A recorder that loses power leaves the size of an earlier moment, sizes of 32 bits wrap at 4 GiB, and files joined byte
by byte keep the size of the first. ffmpeg reads as much as the header says.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

AUDIO = frozenset({b"data", b"SSND"})
# Chunks that often follow the audio. One of another name that is longer than the file is not a chunk, but audio.
FOLLOWING = frozenset(
    {b"LIST", b"id3 ", b"ID3 ", b"bext", b"iXML", b"axml", b"_PMX", b"cue ", b"smpl", b"JUNK", b"PEAK"}
)
UNKNOWN_SIZES = frozenset({0, 0xFFFFFFFF})  # of streams; ffmpeg reads them to the end
SHORTEST = 4096  # bytes; fewer are padding


@dataclass(frozen=True, slots=True)
class Rest:
    """The audio after the declared end, of ``size`` bytes.

    ``readable``: of the same format and at a sample boundary, so that reading on to the end of the file reads it.
    ``places``: the bytes at which joined files begin.
    """

    size: int
    readable: bool
    places: list[int] = field(default_factory=list, compare=False)


def declared_size(path: Path) -> int:
    """The size (bytes) of a RIFF file by its headers; AVI files beyond 1 GB have several."""
    at = 0
    with path.open("rb") as file:
        total = file.seek(0, os.SEEK_END)
        while at < total:
            file.seek(at)
            head = file.read(8)
            if not head.startswith(b"RIFF") or len(head) < 8:
                break
            at += 8 + int.from_bytes(head[4:], "little")
            at += at % 2
    return at


def rest_of(path: Path) -> Rest | None:
    """The audio that no header accounts for; None if there is none, or the file is neither WAV nor AIFF."""
    with path.open("rb") as file:
        form = file.read(12)
        if form[:4] == b"FORM" and form[8:12] in {b"AIFF", b"AIFC"}:
            return _Walk(file, form[:4], "big").rest()
        if form[:4] in {b"RIFF", b"RF64"} and form[8:12] == b"WAVE":
            return _Walk(file, form[:4], "little").rest()
    return None


@dataclass(slots=True)
class _Walk:
    """Goes from chunk to chunk. ``parts``: format and place of the audio of each file; ``places``: of the files."""

    file: IO[bytes]
    form: bytes
    order: str
    long_size: int = 0
    format: bytes = b""
    first_end: int = 0
    parts: list[tuple[bytes, int]] = field(default_factory=list)
    places: list[int] = field(default_factory=list)

    def rest(self) -> Rest | None:
        total = self.file.seek(0, os.SEEK_END)
        position = 12
        while position + 8 <= total:
            size = self._chunk(position, total)
            if size is None:
                break
            position += 8 + size + size % 2
            self.first_end = self.first_end or (position if self.parts else 0)
        unread = total - min(total, position)
        if not self.parts or (len(self.parts) == 1 and unread < SHORTEST):
            return None
        return Rest(total - self.first_end, self.order == "little" and self._is_continuous(), self.places)

    def _chunk(self, position: int, total: int) -> int | None:
        """The size of the chunk at this position; 4 to enter a joined file; None if there is no chunk."""
        self.file.seek(position)
        name, size = self.file.read(4), int.from_bytes(self.file.read(4), self.order)  # type: ignore[arg-type]
        if self.parts and name == self.form:
            self.places.append(position)
            return 4
        is_longer = position + 8 + size > total
        if self.parts and (not name.isascii() or (is_longer and name not in FOLLOWING | AUDIO)):
            return None
        if name == b"ds64":
            self.long_size = int.from_bytes(self.file.read(16)[8:], "little")
        elif name in {b"fmt ", b"COMM"}:
            self.format = self.file.read(min(size, 16))
        elif name in AUDIO:
            self.parts.append((self.format, position + 8))
            size = self.long_size if self.form == b"RF64" and self.long_size else size
            return total - position if size in UNKNOWN_SIZES else size
        return size

    def _is_continuous(self) -> bool:
        form, start = self.parts[0]
        frame = int.from_bytes(form[12:14], "little") or 1
        return all(other == form and (place - start) % frame == 0 for other, place in self.parts[1:])
