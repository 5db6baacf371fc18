"""The recordings for the whole pipeline, and the expected result of each."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.builders import corpus
from tests.builders import media as build
from tests.builders.formats import FORMATS, MALFORMED, headerless, malformed

NAMES = ("eight_bits.wav", "stereo.mp3", "eight_channels.m4a", "voice.ogg", "music.mp4")
PAUSE_MS = 700


@dataclass(frozen=True)
class Trial:
    """A file, its expected state and code in the ledger, and its words, speakers and language if they are known."""

    name: str
    path: Path
    state: str = "indexed"
    code: str | None = None
    text: str | None = None
    speakers: int | None = None
    language: str | None = None
    source: str = "trials"


def spoken(folder: Path) -> list[Trial]:
    """A reader, two alternating readers, another language, and speech in noise. The audio differs in each run."""
    allison, austen = corpus.readers()["allison"], corpus.readers()["austen"]
    reader = allison[:3]
    turns = [austen[0], allison[0], austen[2], allison[1], austen[3]]
    return [
        Trial(
            "reader.flac",
            _joined(folder / "reader.flac", _paths(reader)),
            text=_text(reader),
            speakers=1,
            language="en",
        ),
        Trial(
            "dialogue.wav",
            _joined(folder / "dialogue.wav", _paths(turns)),
            text=_text(turns),
            speakers=2,
            language="en",
        ),
        Trial(
            "operators.mp3",
            _joined(folder / "operators.mp3", [corpus.languages()["it"].path]),
            speakers=1,
            language="it",
        ),
        Trial("noise.ogg", _noisy(folder / "noise.ogg", reader[0].path), "in_review", "review_triage"),
    ]


def unusable(folder: Path) -> list[Trial]:
    """Files without usable audio, and a silent one."""
    return [
        Trial("empty.wav", build.empty(folder), "quarantined", "empty"),
        Trial("notes.mp3", build.text_named_mp3(folder), "quarantined", "not_media"),
        Trial("mute.mp4", build.video(folder, sound=False), "quarantined", "no_audio_stream"),
        Trial("cut.mp4", build.truncated(folder, "cut.mp4", keep=0.5), "quarantined", "truncated"),
        Trial("silence.wav", build.silence(folder), "indexed"),
    ]


def formats(folder: Path) -> list[Trial]:
    """Recordings in several formats, and files that only seem to be recordings."""
    good = [Trial(form.name, form.write(folder), "indexed or in review") for form in FORMATS if form.name in NAMES]
    bad = [Trial(name, malformed(folder, name), "quarantined", code) for name, (code, _) in MALFORMED.items()]
    raw = headerless(folder)
    return [
        *good,
        *bad,
        Trial(raw.name, raw, "quarantined", "needs_hint"),
        Trial(raw.name, raw, "indexed or in review", source="dictations"),
    ]


def _text(recordings: Sequence[corpus.Recording]) -> str:
    return " ".join(recording.text for recording in recordings)


def _paths(recordings: Sequence[corpus.Recording]) -> list[Path]:
    return [recording.path for recording in recordings]


def _joined(target: Path, parts: Sequence[Path]) -> Path:
    """The parts with a pause before each. The first pause is random, because the same audio would be a duplicate."""
    inputs = [argument for part in parts for argument in ("-i", str(part))]
    pauses = [random.randint(100, 900), *[PAUSE_MS] * (len(parts) - 1)]
    delayed = [f"[{n}:a]aresample=16000,adelay={pause}[d{n}]" for n, pause in enumerate(pauses)]
    names = "".join(f"[d{n}]" for n in range(len(parts)))
    graph = ";".join([*delayed, f"{names}concat=n={len(parts)}:v=0:a=1[out]"])
    _ffmpeg(*inputs, "-filter_complex", graph, "-map", "[out]", "-ac", "1", str(target))
    return target


def _noisy(target: Path, part: Path) -> Path:
    seed = random.randint(1, 1_000_000)
    noise = f"anoisesrc=color=pink:amplitude=0.15:seed={seed}:sample_rate=16000"
    # Speech 1.7 dB below the noise, measured against the seconds of noise before and after it.
    graph = "[0:a]volume=0.15,adelay=4000,apad=pad_dur=4[v];[v][1:a]amix=inputs=2:normalize=0:duration=first"
    _ffmpeg("-i", str(part), "-f", "lavfi", "-i", noise, "-filter_complex", graph, "-ac", "1", str(target))
    return target


def _ffmpeg(*arguments: str) -> None:
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *arguments], check=True, timeout=300)
