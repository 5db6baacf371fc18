"""Recognise encrypted audio tracks by the headers of MP4, Matroska, ASF and FLV files."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO

from .ebml import Element, elements, number
from .iso_media import boxes

MOST_PARTS, DEEPEST = 10_000, 6  # of a file: on one level, and inside of each other

CONTAINERS = frozenset([b"moov", b"trak", b"mdia", b"minf", b"stbl"])
# The codes of audio that is encrypted: common encryption, FairPlay, Audible.
ENCRYPTED_AUDIO = {b"enca": "common encryption (CENC)", b"drms": "FairPlay", b"aavd": "Audible's protection"}
# Matroska's elements.
SEGMENT, TRACKS, TRACK, TRACK_TYPE, AUDIO = 0x18538067, 0x1654AE6B, 0xAE, 0x83, 2
ENCODINGS, ENCODING, ENCODING_TYPE, ENCRYPTION, IS_ENCRYPTION = 0x6D80, 0x6240, 0x5033, 0x5035, 1
ASF_EXTENSION = bytes.fromhex("b503bf5f 2ea9cf11 8ee300c0 0c205365")
# Content encryption, its extension, and PlayReady's.
ASF_ENCRYPTIONS = frozenset({
    bytes.fromhex("fbb31122 23bdd211 b4b700a0 c955fc6e"),
    bytes.fromhex("14e68a29 2226174c b935dae0 7ee9289c"),
    bytes.fromhex("33850543 8169e649 9b74ad12 cb86d58c"),
})  # fmt: skip
FLV_AUDIO, FLV_FILTERED = 8, 0x20


def of_mp4(file: BinaryIO) -> str | None:
    """The protection of the audio tracks, if none of them is without one."""
    tracks = [codes for kind, codes in _tracks(file, 0, file.seek(0, 2)) if kind == b"soun"]
    # A track whose beginning is in the clear has a description of each kind.
    protected = [next((ENCRYPTED_AUDIO[code] for code in codes if code in ENCRYPTED_AUDIO), None) for codes in tracks]
    return protected[0] if protected and None not in protected else None


def _tracks(file: BinaryIO, start: int, end: int, depth: int = 0) -> Iterator[tuple[bytes, tuple[bytes, ...]]]:
    """Kind of each track, and the codes of its codecs."""
    kind = b""
    for box in islice(boxes(file, start, end), MOST_PARTS):
        if box.kind in CONTAINERS and depth < DEEPEST:
            yield from ((kind or inner, codes) for inner, codes in _tracks(file, box.start, box.end, depth + 1))
        elif box.kind == b"hdlr":
            file.seek(box.start + 8)
            kind = file.read(4)
        elif box.kind == b"stsd":
            yield kind, tuple(entry.kind for entry in islice(boxes(file, box.start + 8, box.end), DEEPEST))


def of_matroska(file: BinaryIO) -> str | None:
    """The protection of the audio tracks, if none of them is without one."""
    whole = Element(0, 0, file.seek(0, 2))
    tracks = list(islice(_inside(file, [whole], SEGMENT, TRACKS), 1))
    audio = [_is_encrypted(file, track) for track in _inside(file, tracks, TRACK) if _is_audio(file, track)]
    return "content encryption of Matroska" if audio and all(audio) else None


def _inside(file: BinaryIO, parents: list[Element], *path: int) -> Iterator[Element]:
    """The elements on this path of ids below the parents."""
    for parent in parents:
        for element in islice(elements(file, parent.start, parent.end), MOST_PARTS):
            if element.id == path[0]:
                yield from _inside(file, [element], *path[1:]) if len(path) > 1 else [element]


def _is_audio(file: BinaryIO, track: Element) -> bool:
    return any(number(file, kind) == AUDIO for kind in _inside(file, [track], TRACK_TYPE))


def _is_encrypted(file: BinaryIO, track: Element) -> bool:
    encodings = list(_inside(file, [track], ENCODINGS, ENCODING))
    kinds = (number(file, kind) for kind in _inside(file, encodings, ENCODING_TYPE))
    return any(kind == IS_ENCRYPTION for kind in kinds) or any(_inside(file, encodings, ENCRYPTION))


def of_asf(file: BinaryIO) -> str | None:
    """The protection of the file, which is that of all its streams."""
    file.seek(16)
    size = int.from_bytes(file.read(8), "little")
    names = [name for name, _, _ in _objects(file, 30, size)]
    for name, start, end in list(_objects(file, 30, size)):
        names += [inner for inner, _, _ in _objects(file, start + 22, end)] if name == ASF_EXTENSION else []
    return "Windows Media DRM" if ASF_ENCRYPTIONS.intersection(names) else None


def _objects(file: BinaryIO, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Name of each object in an ASF header, and where its content begins and ends."""
    for _ in range(MOST_PARTS):
        file.seek(start)
        head = file.read(24)
        size = int.from_bytes(head[16:], "little")
        if start + 24 > end or len(head) < 24 or size < 24:
            return
        yield head[:16], start + 24, min(start + size, end)
        start += size


def of_flv(file: BinaryIO) -> str | None:
    """The protection of the first tags with sound."""
    file.seek(5)
    start = int.from_bytes(file.read(4), "big") + 4
    marks: list[bool] = []
    for _ in range(MOST_PARTS):
        file.seek(start)
        head = file.read(11)
        if len(head) < 11 or len(marks) == DEEPEST:
            break
        if head[0] & 0x1F == FLV_AUDIO:
            marks.append(head[0] & FLV_FILTERED != 0)
        start += 11 + int.from_bytes(head[1:4], "big") + 4
    return "Adobe's protection" if marks and all(marks) else None
