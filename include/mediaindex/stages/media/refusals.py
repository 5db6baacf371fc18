"""Reasons why a file is refused before it is decoded: no file, empty, cut off, of a format that is not allowed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from mediaindex.errors import BadMediaError, ConfigError, ErrorCode
from mediaindex.printable import printable

KINDS = (
    (Path.is_dir, "a folder", "name the files in it"),
    (Path.is_fifo, "a pipe", "save what it carries to a file"),
    (Path.is_socket, "a socket", "save what it carries to a file"),
    (Path.is_block_device, "a device", "copy the recording to a file"),
    (Path.is_char_device, "a device", "save what it carries to a file"),
)
# Messages about a container that ends too early.
TRUNCATED = ("moov atom not found", "no 'data' tag found", "End of file", "Truncat", "EBML header parsing failed")
# The first bytes of allowed formats: a file that has not much more was cut off.
BEGINNINGS = (
    *(b"fLaC", b"OggS", b"RIFF", b"RF64", b"FORM", b"FLV\x01", b"\x1aE\xdf\xa3", b"\x30\x26\xb2\x75", b"#!AMR"),
    *(b"caff", b"wvpk", b"ID3", b"MAC ", b".RMF", b"riff"),
)
SHORTEST = 4096  # bytes
ARCHIVES = {
    b"PK\x03\x04": "ZIP",
    b"Rar!": "RAR",
    b"7z\xbc\xaf\x27\x1c": "7z",
    b"\x1f\x8b\x08": "gzip",
    b"\xfd7zXZ": "xz",
}
_NOT_LISTED = re.compile(r"\[([\w,.+-]+)\] Format not on whitelist")
_PROTOCOL = re.compile(r"Protocol '([^']{1,40})' not on whitelist")
# Formats that name other files, and those of pictures and text.
PLAYLISTS = frozenset(["concat", "concatf", "dash", "hls", "imf", "rtp", "rtsp", "sap", "sdp"])
_DEVICES = "alsa fbdev jack kmsgrab lavfi libcdio libdc1394 oss pulse v4l2 video4linux2 x11grab"
DEVICES = frozenset(_DEVICES.split())
SCRIPTS = frozenset(["avisynth", "vapoursynth"])
PLAYLIST_BEGINNINGS = (b"#EXTM3U", b"ffconcat version")
_WITHOUT_SOUND = re.compile(
    r"\w+_pipe|image2|gif|apng|ico|tty|ass|srt|webvtt|subviewer1?|microdvd|mpl2|sami|realtext|jacosub|lrc|ffmetadata"
)


def check_file(path: Path) -> None:
    """Raise BadMediaError: ``not_a_file``, ``missing_file`` or ``empty_file``."""
    name = printable(path.name)
    for is_kind, kind, remedy in KINDS:
        if is_kind(path):
            raise BadMediaError(f"{name}: {kind}, not a file; {remedy}", code=ErrorCode.NOT_A_FILE)
    if not path.is_file():
        raise BadMediaError(f"{name}: the file does not exist; check the path", code=ErrorCode.MISSING_FILE)
    if path.stat().st_size == 0:
        raise BadMediaError(f"{name}: the file is empty (0 bytes); upload it again", code=ErrorCode.EMPTY_FILE)


def check_extra(formats: Sequence[str]) -> None:
    """Raise ConfigError if one of the additional formats is none that holds media itself."""
    for name in formats:
        if name in PLAYLISTS | DEVICES | SCRIPTS or not re.fullmatch(r"\w+", name):
            raise ConfigError(
                f"MEDIAINDEX_EXTRA_FORMATS: {name!r} is no format of files that hold media; playlists, devices and "
                "scripts are never read; leave it out"
            )


def unreadable(path: Path, messages: Sequence[str]) -> BadMediaError:
    """ffprobe cannot read the file."""
    name, said = printable(path.name), "\n".join(messages)
    if (listed := _NOT_LISTED.search(said)) or (listed := _PROTOCOL.search(said)):
        return _not_allowed(name, listed[1].split(",")[0], is_format=listed.re is _NOT_LISTED)
    head = _head(path)
    if head.startswith(PLAYLIST_BEGINNINGS):
        return _not_allowed(name, "hls" if head.startswith(b"#EXTM3U") else "concat", is_format=True)
    if kind := next((kind for magic, kind in ARCHIVES.items() if head.startswith(magic)), None):
        return BadMediaError(
            f"{name}: an archive ({kind}), not a recording; upload what is in it", code=ErrorCode.NOT_MEDIA
        )
    detail = messages[0] if messages else "without a message"
    if any(sign in said for sign in TRUNCATED) or _is_beginning(head):
        return BadMediaError(
            f"{name}: the file is cut off or its index is missing ({detail}); upload it again",
            code=ErrorCode.TRUNCATED,
        )
    return BadMediaError(
        f"{name}: not audio or video that ffmpeg can read ({detail}); if it is headerless audio, declare raw_format in "
        "its source",
        code=ErrorCode.NOT_MEDIA,
    )


def _not_allowed(name: str, what: str, *, is_format: bool) -> BadMediaError:
    if is_format and _WITHOUT_SOUND.fullmatch(what):
        return BadMediaError(f"{name}: a picture or text ({what}); upload the recording", code=ErrorCode.NOT_MEDIA)
    if is_format and what not in PLAYLISTS:
        why = f"its format, {what}, is not allowed here; convert the file, or add {what} to MEDIAINDEX_EXTRA_FORMATS"
    elif is_format:
        why = f"it only names other files ({what}), which are not read; upload a file that holds the recording"
    else:
        why = f"it refers to media by the protocol {what}, which is not allowed; upload a file that holds the recording"
    return BadMediaError(f"{name}: {why}", code=ErrorCode.FORMAT_NOT_ALLOWED)


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(SHORTEST)


def _is_beginning(head: bytes) -> bool:
    """Whether the file has only the beginning of an allowed format."""
    if head.startswith(b"RIFF") and int.from_bytes(head[4:8], "little") + 8 <= len(head):
        return False  # as long as it says
    return len(head) < SHORTEST and (head.startswith(BEGINNINGS) or head[4:8] == b"ftyp")
