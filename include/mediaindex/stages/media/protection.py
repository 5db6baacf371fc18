"""Recognise encrypted recordings by their structure: ffmpeg decodes most of them to noise, without a message."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from mediaindex.errors import BadMediaError, ErrorCode
from mediaindex.printable import printable

from .iso_media import boxes

HEAD = 1 << 20  # bytes that are looked at, except in MP4
MOST_BOXES, DEEPEST = 10_000, 6  # of an MP4: per box, and inside of each other

FILES = (
    (b"Salted__", "encrypted by OpenSSL"),
    (b"-----BEGIN PGP MESSAGE-----", "encrypted by PGP"),
    (b"age-encryption.org/", "encrypted by age"),
)
ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
ASF_ENCRYPTIONS = (
    bytes.fromhex("fbb31122 23bdd211b4b700a0c955fc6e"),
    bytes.fromhex("14e68a29 2226174cb935dae07ee9289c"),
)
MXF = bytes.fromhex("060e2b34020501010d010201")
MXF_TRIPLET = bytes.fromhex("060e2b34020401070d010301027e01")
BOXES = frozenset([b"ftyp", b"styp", b"moov", b"mdat", b"wide", b"free", b"skip", b"moof", b"sidx", b"pdin"])
CONTAINERS = frozenset([b"moov", b"trak", b"mdia", b"minf", b"stbl"])
# The codes of audio that is encrypted: common encryption, FairPlay, Audible.
ENCRYPTED_AUDIO = {b"enca": "common encryption (CENC)", b"drms": "FairPlay", b"aavd": "Audible's protection"}
PACKET, SYNC, NULL_PID = 188, b"\x47", 0x1FFF
MOST_SCRAMBLED = 0.5  # share of the packets with content


def check_protection(path: Path) -> None:
    """Raise BadMediaError (``encrypted``) if the audio of the file is encrypted."""
    how = protection(path)
    if how:
        raise BadMediaError(
            f"{printable(path.name)}: the recording is encrypted ({how}); upload it without protection",
            code=ErrorCode.ENCRYPTED,
        )


def protection(path: Path) -> str | None:
    """How the audio is encrypted; None if it does not seem to be."""
    with path.open("rb") as file:
        head = file.read(HEAD)
        if head[4:8] in BOXES:
            return _of_mp4(file)
    for magic, how in FILES:
        if head.startswith(magic):
            return how
    if head.startswith(b"#EXTM3U") and _has_key(head):
        return "an HLS playlist with a key"
    if head.startswith(ASF) and any(guid in head for guid in ASF_ENCRYPTIONS):
        return "Windows Media DRM"
    if MXF in head[: 1 << 16] and MXF_TRIPLET in head:
        return "encrypted MXF"
    return "a scrambled transport stream" if _is_scrambled(head) else None


def _has_key(playlist: bytes) -> bool:
    keys = [line for line in playlist.splitlines() if line.startswith((b"#EXT-X-KEY:", b"#EXT-X-SESSION-KEY:"))]
    return any(b"METHOD=NONE" not in line for line in keys)


def _is_scrambled(head: bytes) -> bool:
    """Whether most packets of a transport stream have scrambled content."""
    starts = (at for at in range(PACKET) if all(head[at + n * PACKET : at + n * PACKET + 1] == SYNC for n in range(5)))
    start = next(starts, None)
    if start is None:
        return False
    packets = [head[at : at + 4] for at in range(start, len(head) - PACKET + 1, PACKET)]
    content = [p for p in packets if p[:1] == SYNC and p[3] & 0x10 and (p[1] & 0x1F) << 8 | p[2] not in {0, NULL_PID}]
    return sum(packet[3] & 0x80 != 0 for packet in content) > MOST_SCRAMBLED * max(1, len(content))


def _of_mp4(file: BinaryIO) -> str | None:
    """The protection of the audio tracks, if none of them is without one."""
    size = file.seek(0, 2)
    codes = [code for kind, code in _tracks(file, 0, size) if kind == b"soun"]
    protected = [ENCRYPTED_AUDIO[code] for code in codes if code in ENCRYPTED_AUDIO]
    return protected[0] if protected and len(protected) == len(codes) else None


def _tracks(file: BinaryIO, start: int, end: int, depth: int = 0) -> Iterator[tuple[bytes, bytes]]:
    """(kind, code of the codec) of each track."""
    kind = b""
    for box in islice(boxes(file, start, end), MOST_BOXES):
        if box.kind in CONTAINERS and depth < DEEPEST:
            yield from ((kind or inner, code) for inner, code in _tracks(file, box.start, box.end, depth + 1))
        elif box.kind == b"hdlr":
            kind = _at(file, box.start + 8, 4)
        elif box.kind == b"stsd":
            yield kind, _at(file, box.start + 12, 4)


def _at(file: BinaryIO, place: int, size: int) -> bytes:
    file.seek(place)
    return file.read(size)
