"""Test media, made by ffmpeg on the spot: recordings with every kind of irregularity.

Each function writes one file into ``folder`` and returns its path. Sounds are tones, so a test can tell what it hears
by frequency; ``tone`` lasts ``seconds``.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

_SYNTHETIC = tempfile.TemporaryDirectory(prefix="synthetic-")  # at import: some tests move the temporary folder


def ffmpeg(*arguments: str | Path) -> None:
    """Run ffmpeg; what it says is shown when it fails. A file of synthetic sound is made once per test process."""
    *rest, target = map(str, arguments)
    inputs = [place for place, argument in enumerate(rest) if argument == "-i"]
    if any(rest[max(0, place - 2) : place] != ["-f", "lavfi"] for place in inputs):
        _ffmpeg([*rest, target])
        return
    kept = _made(tuple(rest), Path(target).suffix)
    shutil.copyfile(kept, target)


@cache
def _made(arguments: tuple[str, ...], suffix: str) -> Path:
    folder = Path(_SYNTHETIC.name)
    path = folder / f"{len(list(folder.iterdir()))}{suffix}"
    _ffmpeg([*arguments, str(path)])
    return path


def _ffmpeg(arguments: Sequence[str]) -> None:
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *arguments], check=True, timeout=300)


def tone(folder: Path, name: str = "tone.wav", *, seconds: float = 2.0, hertz: int = 440, volume: float = 1.0) -> Path:
    """A tone in whatever container and codec the name's suffix says."""
    path = folder / name
    ffmpeg("-f", "lavfi", "-i", f"sine={hertz}:d={seconds}", "-af", f"volume={volume}", path)
    return path


def silence(folder: Path, *, seconds: float = 2.0) -> Path:
    """Digital silence."""
    path = folder / "silence.wav"
    ffmpeg("-f", "lavfi", "-i", "anullsrc=r=16000:cl=mono", "-t", f"{seconds}", path)
    return path


def video(folder: Path, *, sound: bool = True, seconds: float = 2.0) -> Path:
    """An MP4 with a test picture, with or without sound."""
    path = folder / ("talk.mp4" if sound else "mute.mp4")
    picture = ["-f", "lavfi", "-i", f"testsrc=d={seconds}:s=64x48:r=10"]
    audio = ["-f", "lavfi", "-i", f"sine=440:d={seconds}", "-c:a", "aac"] if sound else []
    ffmpeg(*picture, *audio, "-c:v", "mpeg4", path)
    return path


def late_start(folder: Path, *, start: float, name: str = "late.ts") -> Path:
    """A stream whose clock reads about ``start`` at its first sample (MPEG-TS adds 1.4 s of its own)."""
    path = folder / name
    ffmpeg("-f", "lavfi", "-i", "sine=440:d=2", "-c:a", "aac", "-output_ts_offset", f"{start}", path)
    return path


def gap(folder: Path, *, after: float, length: float, seconds: float = 4.0, name: str = "gap.mkv") -> Path:
    """``seconds`` of audio whose time stamps jump by ``length`` (negative: back) after ``after`` seconds."""
    path = folder / name
    jump = f"setts=ts='PTS+gte(PTS*TB,{after})*{length}/TB'"
    whole = tone(folder, "whole.mka", seconds=seconds)
    ffmpeg("-i", whole, "-c", "copy", "-bsf:a", jump, path)
    return path


def several_streams(folder: Path, *, default: int = 1) -> Path:
    """An MKV with a stereo stream (300 Hz, eng) and two mono ones (600 Hz, deu; 900 Hz, fra); one is the default."""
    path = folder / "streams.mkv"
    inputs: list[str] = []
    for hertz, layout in ((300, "stereo"), (600, "mono"), (900, "mono")):
        inputs += ["-f", "lavfi", "-i", f"sine={hertz}:d=2,aformat=channel_layouts={layout}"]
    marks: list[str] = []
    for index, language in enumerate(("eng", "deu", "fra")):
        marks += [f"-metadata:s:a:{index}", f"language={language}"]
        marks += [f"-disposition:a:{index}", "default" if index == default else "0"]
    ffmpeg(*inputs, "-map", "0", "-map", "1", "-map", "2", *marks, "-c:a", "flac", path)
    return path


def party_a_channel(folder: Path) -> Path:
    """Stereo: 300 Hz on the left in the first second, 900 Hz on the right in the second one."""
    path = folder / "parties.wav"
    left = "sine=300:d=1,apad=whole_dur=2"
    right = "sine=900:d=1,adelay=1000"
    ffmpeg(
        *("-f", "lavfi", "-i", left, "-f", "lavfi", "-i", right),
        *("-filter_complex", "[0][1]join=inputs=2:channel_layout=stereo", "-ar", "16000", path),
    )
    return path


def channels(folder: Path, name: str, *sounds: str, seconds: float = 3.0) -> Path:
    """A channel for each formula of ``t``, at 44.1 kHz: one, two or six (5.1)."""
    path = folder / name
    layout = {1: "mono", 2: "stereo", 6: "5.1"}[len(sounds)]
    formulas = "|".join(sounds).replace(",", "\\,")
    ffmpeg("-f", "lavfi", "-i", f"aevalsrc={formulas}:d={seconds}:s=44100:c={layout}", path)
    return path


def cover_picture(folder: Path) -> Path:
    """An MP3 with a picture attached and a title."""
    path = folder / "cover.mp3"
    ffmpeg(
        *("-f", "lavfi", "-i", "sine=440:d=2", "-f", "lavfi", "-i", "color=red:s=16x16:d=0.1"),
        *("-map", "0", "-map", "1", "-frames:v", "1", "-c:v", "png", "-disposition:v", "attached_pic"),
        *("-metadata", "title=A talk\x1b[31m\nand more", path),
    )
    return path


def empty(folder: Path) -> Path:
    """No byte at all."""
    path = folder / "empty.wav"
    path.touch()
    return path


def text_named_mp3(folder: Path) -> Path:
    """Words, not sound."""
    path = folder / "notes.mp3"
    path.write_text("Dear listener, this is only text.\n" * 200)
    return path


def truncated(folder: Path, name: str, *, keep: float, seconds: float = 20.0) -> Path:
    """The first ``keep`` (share of bytes) of a tone. An ``.mp4`` so cut has lost its index; ``index first`` variants
    are named ``.m4a`` and still play."""
    whole = folder / f"whole-{name}"
    early = ["-movflags", "+faststart"] if name.endswith(".m4a") else []
    ffmpeg("-f", "lavfi", "-i", f"sine=440:d={seconds}", *early, whole)
    data = whole.read_bytes()
    path = folder / name
    path.write_bytes(data[: int(len(data) * keep)])
    return path


def playlist(folder: Path, name: str, victim: Path) -> Path:
    """A list of other files under a harmless name: an HLS playlist, or ffmpeg's concat script (``concat.wav``)."""
    path = folder / name
    if name.startswith("concat"):
        path.write_text(f"ffconcat version 1.0\nfile {victim.name}\n")
    else:
        path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{victim}\n#EXT-X-ENDLIST\n")
    return path


def headerless(folder: Path, name: str = "voice.raw", *, seconds: float = 2.0) -> Path:
    """16 kHz mono s16le without a header."""
    path = folder / name
    ffmpeg("-f", "lavfi", "-i", f"sine=440:d={seconds}", "-ar", "16000", "-ac", "1", "-f", "s16le", path)
    return path
