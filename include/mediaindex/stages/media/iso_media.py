"""MP4 and QuickTime files that were joined byte by byte: readers stop at the end of the first."""

from __future__ import annotations

import os
from pathlib import Path

LONG_SIZE = 1  # the size follows the name in 64 bits


def joined_at(path: Path) -> int | None:
    """The byte at which a second file begins; None if there is one file, or the file has another format."""
    with path.open("rb") as file:
        total = file.seek(0, os.SEEK_END)
        position, has_index = 0, False
        while position + 8 <= total:
            file.seek(position)
            size, name = int.from_bytes(file.read(4), "big"), file.read(4)
            if size == LONG_SIZE:
                size = int.from_bytes(file.read(8), "big")
            if name == b"ftyp" and has_index:
                return position
            has_index = has_index or name == b"moov"
            if size < 8:  # to the end of the file, or damaged
                return None
            position += size
    return None
