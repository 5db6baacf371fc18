"""Find where recordings of different formats were joined byte by byte, or a stream changed its codec.

ffmpeg reads on over a joint of equal formats. At others it stops, or decodes the rest to noise: what follows has to be
read as a file of its own.
"""

from __future__ import annotations

import mmap
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import TypeAlias

from .codec_changes import codec_changes
from .iso_media import joined_at
from .mpeg_frames import frame_joints
from .riff import rest_of

Data: TypeAlias = mmap.mmap
MOST = 50  # parts of a file; each is read by processes of its own
FLAC = b"fLaC\0\0\0\x22"  # with the header of the first block
OGG, OGG_HEAD, OGG_BEGINS = b"OggS", 27, 2
VORBIS, VORBIS_SETUP, OPUS = b"\x01vorbis", b"\x05vorbis", b"OpusHead"


def joints(path: Path, container: str) -> list[int]:
    """The bytes at which parts begin that have to be read on their own, without the first."""
    kinds = set(container.split(","))
    if "mov" in kinds:
        return list(islice(joined_at(path), MOST - 1))
    if kinds & {"wav", "aiff"}:
        rest = rest_of(path)
        return [] if rest is None or rest.readable else rest.places[: MOST - 1]
    find = next((find for kind, find in _FINDERS.items() if kind in kinds), None)
    if find is None:
        return []
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return list(islice(find(data), MOST - 1))


def _flac(data: Data) -> Iterator[int]:
    at = data.find(FLAC, 1)
    while at > 0:
        yield at
        at = data.find(FLAC, at + 1)


def _ogg(data: Data) -> Iterator[int]:
    """Where a chain begins whose streams differ from those before it."""
    before: list[bytes] = []
    streams: list[bytes] = []
    begin, has_data, at = 0, False, 0
    while (at := data.find(OGG, at)) >= 0 and at + OGG_HEAD < len(data):
        table = data[at + OGG_HEAD : at + OGG_HEAD + data[at + OGG_HEAD - 1]]
        content = at + OGG_HEAD + len(table)
        if data[at + 5] & OGG_BEGINS:
            if has_data:
                before, streams, begin, has_data = streams, [], at, False
            streams.append(_ogg_stream(data, content, sum(table)))
        elif not has_data:
            has_data = True
            if begin and streams != before:
                yield begin
        at = content + sum(table)


def _ogg_stream(data: Data, content: int, size: int) -> bytes:
    """What a decoder has to know about a stream, by its first page."""
    head = data[content : content + size]
    if head.startswith(OPUS):
        return head[:10] + head[18:]  # without delay, rate and gain
    if head.startswith(VORBIS):
        setup = data.find(VORBIS_SETUP, content, content + (1 << 16))
        return head + data[setup : setup + 256] if setup >= 0 else head
    return head


_FINDERS: dict[str, Callable[[Data], Iterator[int]]] = {
    "ogg": _ogg,
    "flac": _flac,
    "mp3": frame_joints,
    "aac": frame_joints,
    "mpegts": codec_changes,
}
