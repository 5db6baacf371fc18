"""The boxes of MP4 and QuickTime files, and files joined byte by byte, which readers leave at the end of the first."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

HEADER, LONG_HEADER = 8, 16  # bytes; in the long one the size follows the name in 64 bits
TO_THE_END, IS_LONG = 0, 1  # sizes that are none


@dataclass(frozen=True, slots=True)
class Box:
    """``place``: of the header; ``start`` and ``end``: of the content that exists; ``whole``: all of it does."""

    kind: bytes
    place: int
    start: int
    end: int
    whole: bool


def boxes(file: BinaryIO, start: int, end: int) -> Iterator[Box]:
    """The boxes between two positions, as many as there are; ends at an impossible size."""
    while start + HEADER <= end:
        file.seek(start)
        head = file.read(LONG_HEADER)
        if len(head) < HEADER:
            return
        size, kind = struct.unpack(">I4s", head[:HEADER])
        content = start + HEADER
        if size == IS_LONG and len(head) == LONG_HEADER and start + LONG_HEADER <= end:
            size, content = struct.unpack(">Q", head[HEADER:])[0], start + LONG_HEADER
        stop = end if size == TO_THE_END else start + size
        if stop < content:
            return
        yield Box(kind, start, content, min(stop, end), stop <= end)
        start = stop


def joined_at(path: Path) -> Iterator[int]:
    """The bytes at which further files begin."""
    with path.open("rb") as file:
        has_index = False
        for box in boxes(file, 0, file.seek(0, os.SEEK_END)):
            if box.kind == b"ftyp" and has_index:
                has_index = False
                yield box.place
            has_index = has_index or box.kind == b"moov"
