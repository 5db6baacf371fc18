"""Files of a few kilobytes that claim far more than they hold: millions of samples, hundreds of streams, hours."""

from __future__ import annotations

import struct
from pathlib import Path

RATE = 16_000


def _box(kind: bytes, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return struct.pack(">I4s", 8 + len(content), kind) + content


def _full(kind: bytes, *parts: bytes, version_and_flags: int = 0) -> bytes:
    return _box(kind, struct.pack(">I", version_and_flags), *parts)


def _sample_entry(kind: bytes, bits: int) -> bytes:
    entry = struct.pack(">6xH8xHHHHI", 1, 1, bits, 0, 0, RATE << 16)
    return _full(b"stsd", struct.pack(">I", 1), _box(kind, entry))


def _track(number: int, duration: int, tables: tuple[bytes, ...], edits: bool) -> bytes:
    header = struct.pack(">IIIII", 0, 0, number, 0, duration) + bytes(60)
    sound = _full(b"hdlr", struct.pack(">I4s12x", 0, b"soun"), b"\0")
    data = _box(b"dinf", _full(b"dref", struct.pack(">I", 1), _full(b"url ", version_and_flags=1)))
    media = _box(
        b"mdia",
        _full(b"mdhd", struct.pack(">IIIIHH", 0, 0, RATE, duration, 0x55C4, 0)),
        sound,
        _box(b"minf", _full(b"smhd", bytes(4)), data, _box(b"stbl", *tables)),
    )
    edit = _box(b"edts", _full(b"elst", struct.pack(">IIiI", 1, duration, 0, 0x10000))) if edits else b""
    return _box(b"trak", _full(b"tkhd", header, version_and_flags=3), edit, media)


def _movie(path: Path, tracks: list[bytes], duration: int, content: bytes) -> Path:
    header = struct.pack(">IIII", 0, 0, RATE, duration) + struct.pack(">IH10x", 0x10000, 0x100) + bytes(64)
    movie = _box(b"moov", _full(b"mvhd", header[:96]), *tracks)
    path.write_bytes(_box(b"ftyp", b"qt  ", bytes(4), b"qt  ") + _box(b"mdat", content) + movie)
    return path


FIRST_BYTE = 8 + 12 + 8  # of the media data: after ftyp and the header of mdat


def sample_table(folder: Path, *, samples: int = 10_000_000, tracks: int = 1) -> Path:
    """An MP4 of about 600 bytes per track, each of which claims ``samples`` samples of compressed audio."""
    tables = (
        _sample_entry(b"mp4a", 16),
        _full(b"stts", struct.pack(">III", 1, samples, 1024)),
        _full(b"ctts", struct.pack(">III", 1, samples, 1)),
        _full(b"stsc", struct.pack(">IIII", 1, 1, samples, 1)),
        _full(b"stsz", struct.pack(">II", 1, samples)),
        _full(b"stco", struct.pack(">II", 1, FIRST_BYTE)),
    )
    every = [_track(number, min(samples * 1024, 2**31 - 1), tables, edits=True) for number in range(1, tracks + 1)]
    return _movie(folder / f"samples-{samples}-{tracks}.mp4", every, min(samples * 1024, 2**31 - 1), bytes(2_000))


def shared_chunks(folder: Path, pcm: bytes, *, times: int) -> Path:
    """A MOV with 16 kHz mono s16le ``pcm`` once, and ``times`` chunks that all point to it."""
    frames = len(pcm) // 2
    tables = (
        _sample_entry(b"sowt", 16),
        _full(b"stts", struct.pack(">III", 1, frames * times, 1)),
        _full(b"stsc", struct.pack(">IIII", 1, 1, frames, 1)),
        _full(b"stsz", struct.pack(">II", 2, frames * times)),
        _full(b"stco", struct.pack(">I", times), struct.pack(">I", FIRST_BYTE) * times),
    )
    return _movie(folder / f"shared-{times}.mov", [_track(1, frames * times, tables, edits=False)], frames * times, pcm)
