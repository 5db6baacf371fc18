"""Files with several tracks, and files that say less than they hold. Each function writes one into ``folder``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .media import ffmpeg

SILENCE = "anullsrc=r=16000:cl=mono:d=3"


def sine(hertz: int, seconds: float = 3.0) -> str:
    """A tone as a source of ffmpeg's."""
    return f"sine={hertz}:d={seconds}:r=16000"


def tracks(folder: Path, *sounds: str, languages: Sequence[str] = (), late: float = 0.0, name: str = "a.mkv") -> Path:
    """A track per sound, the first is the default; ``late``: seconds by which the others begin later."""
    path = folder / name
    inputs, marks = [], []
    for number, sound in enumerate(sounds):
        inputs += [*(["-itsoffset", f"{late}"] if number else []), "-f", "lavfi", "-i", sound]
        marks += ["-map", f"{number}", f"-disposition:a:{number}", "0" if number else "default"]
    for number, language in enumerate(languages):
        marks += [f"-metadata:s:a:{number}", f"language={language}"]
    codec = "aac" if path.suffix == ".mp4" else "flac"
    ffmpeg(*inputs, *marks, "-c:a", codec, path)
    return path


def programmes(folder: Path, *, second_service: int = 1) -> Path:
    """A transport stream: 300 Hz for 3 s, then another PID with 900 Hz for 4 s."""
    parts = []
    for pid, service, start, sound in ((256, 1, 0, sine(300)), (300, second_service, 3, sine(900, 4.0))):
        parts.append(folder / f"{pid}.ts")
        marks = ("-mpegts_start_pid", f"{pid}", "-mpegts_service_id", f"{service}", "-output_ts_offset", f"{start}")
        ffmpeg("-f", "lavfi", "-i", sound, "-c:a", "mp2", *marks, parts[-1])
    return joined(folder / "a.ts", parts)


def programmes_at_once(folder: Path) -> Path:
    """A transport stream of two programmes: 300 Hz and 900 Hz."""
    path = folder / "a.ts"
    sounds = ("-f", "lavfi", "-i", sine(300), "-f", "lavfi", "-i", sine(900))
    programmes = ("-program", "program_num=1:st=0", "-program", "program_num=2:st=1")
    ffmpeg(*sounds, "-map", "0", "-map", "1", *programmes, "-c:a", "mp2", path)
    return path


def late_audio(folder: Path, name: str) -> Path:
    """A video of 20 s whose sound, 4 s at 440 Hz, begins after 12 s."""
    path = folder / name
    codecs = {".flv": ("flv1", "mp3"), ".mpg": ("mpeg1video", "mp2"), ".ts": ("mpeg2video", "mp2")}[path.suffix]
    picture = ("-f", "lavfi", "-i", "testsrc=s=64x48:r=25:d=20")
    sound = ("-itsoffset", "12", "-f", "lavfi", "-i", "sine=440:d=4")
    ffmpeg(*picture, *sound, "-map", "0", "-map", "1", "-c:v", codecs[0], "-c:a", codecs[1], "-ar", "44100", path)
    return path


def joined(path: Path, parts: Sequence[Path]) -> Path:
    """The parts, one after the other, byte by byte."""
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    return path


def understated(path: Path, seconds: float) -> Path:
    """A 16-bit WAV file of 16 kHz, made to say that it is this long."""
    data = bytearray(path.read_bytes())
    place = data.index(b"data") + 4
    data[place : place + 4] = round(seconds * 32_000).to_bytes(4, "little")
    path.write_bytes(data)
    return path


def ambisonic(folder: Path, *sounds: str) -> Path:
    """Opus with a sound field of first order: W, Y, Z, X as formulas of ``t``."""
    path = folder / "a.opus"
    field = f"aevalsrc={'|'.join(sounds)}:d=2:s=48000:c=4.0"
    ffmpeg("-f", "lavfi", "-i", field, "-c:a", "libopus", "-mapping_family", "255", path)
    data = bytearray(path.read_bytes())
    data[data.index(b"OpusHead") + 18] = 2  # the mapping family of sound fields, which ffmpeg does not write
    second = data.index(b"OggS", 4)
    data[22:26] = bytes(4)
    data[22:26] = _ogg_checksum(bytes(data[:second])).to_bytes(4, "little")
    path.write_bytes(data)
    return path


def _ogg_checksum(page: bytes) -> int:
    value = 0
    for byte in page:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ (0x04C11DB7 if value & 1 << 31 else 0)) & 0xFFFFFFFF
    return value
