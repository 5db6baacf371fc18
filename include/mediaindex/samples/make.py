"""Writes the sample recordings to a folder."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mediaindex.contract.states import ObjectState

from .packages import from_debian, from_wheel

# Pink noise at this level over speech at this gain, measured as -8 dB: people understand it, recognisers do not.
NOISE_AMPLITUDE = 0.15
VOICE_GAIN = 0.7


@dataclass(frozen=True, slots=True)
class Sample:
    """One recording: file name, description, expected status, language and number of speakers, and how it is made."""

    name: str
    about: str
    status: ObjectState
    language: str | None
    speakers: int | None
    make: Callable[[Path], None]


def make_samples(folder: Path) -> list[Path]:
    """Write all samples to ``folder``, without replacing existing ones, and return their paths.

    Raises TransientError if a package cannot be downloaded.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for sample in SAMPLES:
        path = folder / sample.name
        if not path.exists():
            part = path.with_name(f".part-{sample.name}")
            sample.make(part)
            part.replace(path)
        paths.append(path)
    return paths


def _copy_of(package: Callable[..., dict[str, Path]], name: str) -> Callable[[Path], None]:
    def make(target: Path) -> None:
        shutil.copyfile(package(name)[name], target)

    return make


def _video(target: Path) -> None:
    picture = ("-f", "lavfi", "-i", "testsrc2=size=320x180:rate=12")
    voice = ("-i", str(from_wheel("beckett.wav")["beckett.wav"]))
    streams = ("-map", "0", "-map", "1:a")
    _write(*picture, *voice, *streams, "-f", "mp4", "-acodec", "aac", "-shortest", "-vcodec", "mpeg4", str(target))


def _noisy(target: Path) -> None:
    voice = ("-t", "15", "-i", str(from_wheel("two_cities.wav")["two_cities.wav"]))
    noise = ("-f", "lavfi", "-i", f"anoisesrc=color=pink:amplitude={NOISE_AMPLITUDE}:seed=7:duration=15")
    quieter = f"[0:a]volume={VOICE_GAIN}[s0]"
    mixed = ("-filter_complex", f"{quieter};[s0][1:a]amix=duration=shortest:inputs=2:normalize=0[s1]", "-map", "[s1]")
    _write(*voice, *noise, *mixed, "-f", "ogg", "-ac", "1", "-acodec", "libvorbis", "-ar", "16000", str(target))


def _write(*arguments: str) -> None:
    subprocess.run(["ffmpeg", *arguments, "-nostdin", "-y"], check=True, capture_output=True)


SAMPLES = (
    Sample(
        "endgame.wav",
        "a dialogue of two speakers",
        ObjectState.INDEXED,
        "en",
        2,
        _copy_of(from_wheel, "endgame_nagg_nell.wav"),
    ),
    Sample("two_cities.wav", "one reader", ObjectState.INDEXED, "en", 1, _copy_of(from_wheel, "two_cities.wav")),
    Sample("beckett.mp4", "a video with a voice", ObjectState.INDEXED, "en", None, _video),
    Sample(
        "bienvenue.wav",
        "another language, over the telephone",
        ObjectState.INDEXED,
        "fr",
        1,
        _copy_of(from_debian, "demo-congrats.wav"),
    ),
    Sample("street.ogg", "a voice under noise, for the reviewers", ObjectState.IN_REVIEW, None, None, _noisy),
)
