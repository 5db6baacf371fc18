"""The elements of Matroska and WebM files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

LONGEST_ID, LONGEST_SIZE = 4, 8  # bytes


@dataclass(frozen=True, slots=True)
class Element:
    """``start`` and ``end``: of the content that exists."""

    id: int
    start: int
    end: int


def elements(file: BinaryIO, start: int, end: int) -> Iterator[Element]:
    """The elements between two positions; ends at an impossible one. One of unknown size takes all that is left."""
    while start < end:
        file.seek(start)
        head = file.read(LONGEST_ID + LONGEST_SIZE)
        id_length = _length(head, LONGEST_ID)
        size_length = _length(head[id_length:], LONGEST_SIZE) if id_length else 0
        if not size_length:
            return
        content = start + id_length + size_length
        value = int.from_bytes(head[id_length : id_length + size_length], "big")
        most = (1 << 7 * size_length) - 1
        size = value & most
        stop = end if size == most else min(content + size, end)
        yield Element(int.from_bytes(head[:id_length], "big"), content, stop)
        start = stop if stop > start else end


def number(file: BinaryIO, element: Element) -> int:
    """The content as a whole number."""
    file.seek(element.start)
    return int.from_bytes(file.read(min(element.end - element.start, LONGEST_SIZE)), "big")


def _length(head: bytes, longest: int) -> int:
    """Bytes of the number that begins here, by its leading zero bits; 0 if there is none."""
    length = 9 - head[0].bit_length() if head else 0
    return length if 0 < length <= min(longest, len(head)) else 0
