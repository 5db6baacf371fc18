"""Empty edits of MP4 and QuickTime files: time in which the author of the file lets nothing be played.

ffmpeg knows an empty edit at the start of a track, as a delay. In place of a later one, it plays the media from its
beginning once more, so that such times must be left out by hand. ffprobe does not show edit lists.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import islice, takewhile
from pathlib import Path
from typing import BinaryIO

from mediaindex.timeline import Span

from .iso_media import Box, boxes

MOST_BOXES = 10_000  # on one level; more are damage
MOST_EDITS = 10_000
MOST_EMPTY = 100  # of a track; each costs time for each frame
EMPTY = -1  # the media time of an empty edit


def silent_edits(path: Path) -> dict[int, tuple[Span, ...]]:
    """Per track ID, the times (s) of its empty edits after the first other one. Damaged boxes count as absent."""
    with path.open("rb") as file:
        size = path.stat().st_size
        movies = [box for box in _boxes(file, 0, size) if box.kind == b"moov"]
        return dict(_of_movie(file, movies[0])) if movies else {}


def _of_movie(file: BinaryIO, movie: Box) -> Iterator[tuple[int, tuple[Span, ...]]]:
    inside = list(_boxes(file, movie.start, movie.end))
    scale = next((_number(file, box, (12, 20)) for box in inside if box.kind == b"mvhd"), 0)
    for track in (box for box in inside if box.kind == b"trak"):
        parts = {box.kind: box for box in _boxes(file, track.start, track.end)}
        edits = parts.get(b"edts")
        lists = {box.kind: box for box in _boxes(file, edits.start, edits.end)} if edits else {}
        if scale and b"tkhd" in parts and b"elst" in lists:
            yield _number(file, parts[b"tkhd"], (12, 20)), tuple(_silent(_edits(file, lists[b"elst"]), scale))


def _silent(edits: list[tuple[int, int]], scale: int) -> Iterator[Span]:
    position, played, found = 0, False, 0
    for duration, media_time in edits:
        if media_time == EMPTY and played and duration > 0 and found < MOST_EMPTY:
            found += 1
            yield Span(position / scale, (position + duration) / scale)
        played = played or media_time != EMPTY
        position += duration


def _boxes(file: BinaryIO, start: int, end: int) -> Iterator[Box]:
    """The boxes between two positions; ends at one that does not fit."""
    return takewhile(lambda box: box.whole, islice(boxes(file, start, end), MOST_BOXES))


def _number(file: BinaryIO, box: Box, places: tuple[int, int]) -> int:
    """The 32-bit number at the place for the version of the box, 0 or 1; 0 if the box is too short."""
    file.seek(box.start)
    content = file.read(min(box.end - box.start, 32))
    at = places[1 if content[:1] == b"\1" else 0]
    return int.from_bytes(content[at : at + 4], "big") if len(content) >= at + 4 else 0


def _edits(file: BinaryIO, box: Box) -> list[tuple[int, int]]:
    """Duration (in the movie's time scale) and media time of each edit."""
    file.seek(box.start)
    content = file.read(min(box.end - box.start, 8 + 20 * MOST_EDITS))
    form = struct.Struct(">Qq4x" if content[:1] == b"\1" else ">Ii4x")
    count = int.from_bytes(content[4:8], "big")
    whole = min(count, (len(content) - 8) // form.size) if len(content) >= 8 else 0
    return [form.unpack_from(content, 8 + index * form.size) for index in range(whole)]
