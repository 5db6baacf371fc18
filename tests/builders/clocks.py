"""Files whose time stamps and samples disagree, as recorders, networks and editors leave them."""

from __future__ import annotations

import random
import struct
from pathlib import Path

from tests.builders.media import ffmpeg

# Bursts of noise between silences: codecs with two lengths of blocks use both.
BURSTS = "aevalsrc='0.5*(2*random(0)-1)*lt(mod(t,0.7),0.2)':d={seconds}:s={rate}"


def bursts(folder: Path, name: str, *options: str, seconds: float = 10.0, rate: int = 22_050) -> Path:
    """Bursts of noise in the container of the name, encoded with these options of ffmpeg."""
    path = folder / name
    ffmpeg("-f", "lavfi", "-i", BURSTS.format(seconds=seconds, rate=rate), *options, path)
    return path


# A frame of AMR-NB begins with its type: speech at 12.2 kbit/s, comfort noise, or nothing to send.
AMR_SPEECH, AMR_NOISE, AMR_NOTHING = b"\x3c", b"\x44", b"\x7c"


def amr_call(folder: Path, *parts: tuple[int, int]) -> Path:
    """AMR with discontinuous transmission; ``parts``: frames of 20 ms with speech, and then in a pause."""
    noise = random.Random(0)  # any bits are speech to the decoder
    frames = []
    for speech, pause in parts:
        frames += [AMR_SPEECH + noise.randbytes(31) for _ in range(speech)]
        frames += [AMR_NOISE + bytes(5) if index % 8 == 0 else AMR_NOTHING for index in range(pause)]
    path = folder / "call.amr"
    path.write_bytes(b"#!AMR\n" + b"".join(frames))
    return path


def many_gaps(folder: Path, *, gaps: int, speech: float) -> Path:
    """Opus packets of 20 ms every 400 ms, as in a pause of discontinuous transmission, then ``speech`` seconds."""
    path, whole = folder / "meeting.mkv", folder / "whole.mkv"
    bursts(folder, whole.name, "-ac", "1", "-c:a", "libopus", "-b:a", "12k", seconds=gaps * 0.02 + speech, rate=16_000)
    spread = f"setts=ts='if(lt(N,{gaps}),N*400,{gaps}*400+(N-{gaps})*20)'"
    ffmpeg("-i", whole, "-c", "copy", "-bsf:a", spread, path)
    return path


def zeroed(source: Path, *, first: float, last: float) -> Path:
    """The file with zeros from one share of its bytes to another."""
    data = bytearray(source.read_bytes())
    low, high = int(len(data) * first), int(len(data) * last)
    data[low:high] = bytes(high - low)
    path = source.with_name(f"zeroed-{source.name}")
    path.write_bytes(data)
    return path


def edited(source: Path, *edits: tuple[float, float | None]) -> Path:
    """An MP4 with the index at its end, with another edit list: seconds, and from where in the media (None: empty)."""
    data = source.read_bytes()
    movie = data.index(b"mvhd")
    scale = int.from_bytes(data[movie + 16 : movie + 20], "big")
    header = data.index(b"mdhd")
    rate = int.from_bytes(data[header + 16 : header + 20], "big")
    rows = [(round(length * scale), -1 if start is None else round(start * rate), 65_536) for length, start in edits]
    content = struct.pack(">II", 0, len(rows)) + b"".join(struct.pack(">IiI", *row) for row in rows)
    old = data.index(b"elst")
    length = int.from_bytes(data[old - 4 : old], "big")
    longer = len(content) + 8 - length
    changed = bytearray(data[: old - 4] + struct.pack(">I", length + longer) + b"elst" + content)
    changed += data[old - 4 + length :]
    for kind in (b"moov", b"trak", b"edts"):
        at = data.index(kind) - 4
        struct.pack_into(">I", changed, at, int.from_bytes(data[at : at + 4], "big") + longer)
    path = source.with_name(f"edited-{source.name}")
    path.write_bytes(changed)
    return path
