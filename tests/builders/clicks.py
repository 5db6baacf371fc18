"""Short tones at known times in every container and codec that ffmpeg writes here, with holes and late starts."""

from __future__ import annotations

import subprocess
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

SECONDS = 10.0
FIRST, EVERY = 0.5, 0.7  # s of the first click, and from one to the next
CLICK = 0.02  # s
QUIET = 0.2  # s before a click, longer than what codecs smear

# Options of ffmpeg and sample rate by codec.
CODECS: dict[str, tuple[tuple[str, ...], int]] = {
    "pcm_s16le": ((), 22_050),
    "pcm_mulaw": ((), 8_000),
    "adpcm_ima_wav": ((), 16_000),
    "g726": ((), 8_000),
    "flac": ((), 44_100),
    "alac": ((), 44_100),
    "aac": ((), 44_100),
    "libmp3lame": ((), 44_100),
    "mp2": ((), 48_000),
    "ac3": ((), 48_000),
    "libopus": ((), 48_000),
    "libvorbis": ((), 22_050),
    "wmav2": ((), 44_100),
}
# FLAC and ALAC in ASF get time stamps of their own kind from ffmpeg's muxer, several frames at one time; AAC and
# Vorbis in WAV get no packet boundaries, without which nobody can decode them.
UNUSUAL = {("asf", "flac"), ("asf", "alac"), ("wav", "aac"), ("wav", "libvorbis")}
CONTAINERS = ("mkv", "mp4", "mov", "ts", "mpg", "flv", "ogg", "asf", "nut", "avi", "wav", "caf")
# s by which a muxer of ffmpeg moves the start; that of mpg only if it would be 0.
LATER = {"ts": 1.4, "mpg": 0.5}

# Time stamps per second of what muxers get; others use the sample rate.
TIME_BASES = {"mkv": 1000, "flv": 1000, "asf": 1000, "ts": 90_000, "mpg": 90_000}


@dataclass(frozen=True, slots=True)
class Clicks:
    """A file to make. ``holes``: packets from one time to another are dropped; ``start``: time of the first sample."""

    codec: str
    container: str
    holes: tuple[tuple[float, float], ...] = ()
    start: float = 0.0
    samples_per_packet: int = 1024  # of codecs without packets of their own

    @property
    def counted(self) -> bool:
        """Whether the container counts samples, so that it cannot have holes; most of these start at 0."""
        fixed = self.codec.startswith("pcm") or self.codec in {"adpcm_ima_wav", "g726"}
        return self.container in {"avi", "wav", "caf"} or (self.container == "mov" and fixed)

    @property
    def times(self) -> list[float]:
        """Source times of the clicks that are not in a hole or at its edges."""
        plain = np.arange(FIRST, SECONDS - 0.3, EVERY)
        edge = 0.15 + max(2048, self.samples_per_packet) / CODECS[self.codec][1]  # packets are dropped whole
        kept = [at for at in plain if all(not low - edge < at < high + edge for low, high in self.holes)]
        later = 0.0 if self.container == "mpg" and self.start else LATER.get(self.container, 0.0)
        return [float(at) + self.start + later for at in kept]

    def write(self, folder: Path) -> Path | None:
        """The file; None if ffmpeg cannot write this codec into this container."""
        options, rate = CODECS[self.codec]
        source = _plain(folder, rate)
        path = folder / f"clicks.{self.container}"
        base = TIME_BASES.get(self.container, rate)
        drop = "+".join(f"between(pts/{base},{low},{high})" for low, high in self.holes)
        command = ["ffmpeg", "-nostdin", "-v", "error", "-y", "-i", str(source), "-c:a", self.codec, *options]
        command += ["-af", f"asetnsamples=n={self.samples_per_packet}:p=0", "-strict", "-2"]
        command += ["-bsf:a", f"noise=drop='{drop}'"] if drop else []
        command += ["-page_duration", "1"] if self.container == "ogg" else []  # it has time stamps per page only
        command += ["-output_ts_offset", f"{self.start}"] if self.start else []
        made = subprocess.run([*command, str(path)], capture_output=True, check=False, timeout=60)
        if (self.container, self.codec) in UNUSUAL:
            return None
        return path if made.returncode == 0 and path.stat().st_size > 0 else None


def _plain(folder: Path, rate: int) -> Path:
    path = folder / f"clicks-{rate}.wav"
    if not path.exists():
        time = np.arange(round(SECONDS * rate)) / rate
        phase = (time - FIRST) % EVERY
        sound = np.where((phase < CLICK) & (time >= FIRST), 0.5 * np.sin(2 * np.pi * 1000 * phase), 0.0)
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 2, rate, 0, "NONE", ""))
            file.writeframes((sound * 32767).astype("<i2").tobytes())
    return path


def heard(samples: np.ndarray, rate: int = 16_000) -> list[float]:
    """Positions (s) at which clicks begin in the samples."""
    loud = np.flatnonzero(np.abs(samples) > 0.3 * np.abs(samples).max())
    begins = np.flatnonzero(np.diff(loud, prepend=-rate) > QUIET * rate)
    return [float(at) / rate for at in loud[begins]]


def errors(expected: Sequence[float], found: Sequence[float]) -> list[float]:
    """For each expected time, how much later the nearest click is."""
    return [min((at - time for at in found), key=abs, default=float("inf")) for time in expected]
