"""Recognise encrypted recordings by their structure: ffmpeg decodes most of them to noise, without a message."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from mediaindex.errors import BadMediaError, ErrorCode
from mediaindex.printable import printable

from .protected_tracks import of_asf, of_flv, of_matroska, of_mp4
from .scrambling import scrambling

HEAD = 1 << 20  # bytes that are looked at, except in containers whose parts say where the next one is

RAR = "a RAR archive with a password"
# How files begin that are encrypted as a whole.
FILES = (
    (b"Salted__", "encrypted by OpenSSL"),
    (b"-----BEGIN PGP MESSAGE-----", "encrypted by PGP"),
    *((start, "encrypted by PGP") for start in (b"\x85\x01\x0c\x03", b"\x85\x02\x0c\x03", b"\x84\x5e\x03")),
    *((b"\x8c\x0d\x04" + cipher, "encrypted by PGP") for cipher in (b"\x07", b"\x08", b"\x09")),
    (b"age-encryption.org/", "encrypted by age"),
    *((b"AES" + version, "encrypted by AES Crypt") for version in (b"\x01", b"\x02", b"\x03")),
    (b"\x03enc", "a dictation with a password (DS2)"),
    (b"Rar!\x1a\x07\x00\xce\x99\x73\x80\x00", RAR),
)
RAR_5, RAR_5_TYPE, RAR_5_ENCRYPTION = (
    b"Rar!\x1a\x07\x01\x00",
    13,
    b"\x04",
)  # the place of a header's type, and its value
AUDIBLE = bytes.fromhex("57907536")  # after the size of the file
ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
MXF = bytes.fromhex("060e2b34020501010d010201")
MXF_TRIPLET = bytes.fromhex("060e2b34020401070d010301027e01")
EBML = bytes.fromhex("1a45dfa3")
BOXES = frozenset([b"ftyp", b"styp", b"moov", b"mdat", b"wide", b"free", b"skip", b"moof", b"sidx", b"pdin"])
STRUCTURED = ((EBML, of_matroska), (ASF, of_asf), (b"FLV\x01", of_flv))
ZIP_ENTRY, ZIP_HEAD, ZIP_ENTRIES = b"PK\x03\x04", 30, 1_000
ZIP_PASSWORD, ZIP_SIZE_FOLLOWS = 1, 8  # bits of an entry's flags


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
            return of_mp4(file)
        for magic, find in STRUCTURED:
            if head.startswith(magic):
                return find(file)
        if head.startswith(ZIP_ENTRY):
            return "a ZIP archive with a password" if _has_password(file) else None
    return _of_head(head)


def _of_head(head: bytes) -> str | None:
    for magic, how in FILES:
        if head.startswith(magic):
            return how
    if head.startswith(RAR_5) and head[RAR_5_TYPE : RAR_5_TYPE + 1] == RAR_5_ENCRYPTION:
        return RAR
    if head[4:8] == AUDIBLE:
        return "Audible's protection"
    if head.startswith(b"#EXTM3U") and _has_key(head):
        return "an HLS playlist with a key"
    if MXF in head[: 1 << 16] and MXF_TRIPLET in head:
        return "encrypted MXF"
    return scrambling(head)


def _has_key(playlist: bytes) -> bool:
    keys = [line for line in playlist.splitlines() if line.startswith((b"#EXT-X-KEY:", b"#EXT-X-SESSION-KEY:"))]
    return any(b"METHOD=NONE" not in line for line in keys)


def _has_password(file: BinaryIO) -> bool:
    """Whether an entry of a ZIP archive has one; looks as far as entries say where the next one is."""
    start = 0
    for _ in range(ZIP_ENTRIES):
        file.seek(start)
        head = file.read(ZIP_HEAD)
        if len(head) < ZIP_HEAD or not head.startswith(ZIP_ENTRY):
            return False
        flags = int.from_bytes(head[6:8], "little")
        if flags & (ZIP_PASSWORD | ZIP_SIZE_FOLLOWS):
            return bool(flags & ZIP_PASSWORD)
        sizes = (head[18:22], head[26:28], head[28:30])  # of the content, the name and the extra field
        start += ZIP_HEAD + sum(int.from_bytes(size, "little") for size in sizes)
    return False
