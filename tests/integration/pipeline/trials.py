"""The recordings that go through the whole pipeline, and what must become of each."""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.builders import media as build

SHARED = Path(__file__).parents[4] / "shared" / "data"
PAUSE_MS = 700


@dataclass(frozen=True)
class Trial:
    """A file; the ledger's state and code it must end with; words, speakers and language where they are known."""

    name: str
    path: Path
    state: str = "indexed"
    code: str | None = None
    text: str | None = None
    speakers: int | None = None
    language: str | None = None
    source: str = "trials"


def spoken(folder: Path) -> list[Trial]:
    """A reader, two readers in turn, another language, and a voice under noise, each unlike those of any other run."""
    lines = (SHARED / "wer" / "refs.jsonl").read_text("utf-8").splitlines()
    by_speaker: dict[str, list[dict[str, str]]] = {}
    for line in map(json.loads, lines):
        by_speaker.setdefault(line["speaker"], []).append(line)
    reader = by_speaker["1998"][:5]
    one, other = by_speaker["2033"], by_speaker["3080"]
    turns = [one[0], other[1], one[1], other[2], one[2], other[4]]
    german = SHARED / "lid" / "leopard_test_de.wav"
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
        Trial("portal.mp3", _joined(folder / "portal.mp3", [german]), speakers=1, language="de"),
        Trial("noise.ogg", _noisy(folder / "noise.ogg", _paths(reader)[0]), "in_review", "review_triage"),
    ]


def spoiled(folder: Path) -> list[Trial]:
    """What no pipeline can use, made here."""
    return [
        Trial("empty.wav", build.empty(folder), "quarantined", "empty"),
        Trial("notes.mp3", build.text_named_mp3(folder), "quarantined", "not_media"),
        Trial("mute.mp4", build.video(folder, sound=False), "quarantined", "no_audio_stream"),
        Trial("cut.mp4", build.truncated(folder, "cut.mp4", keep=0.5), "quarantined", "truncated"),
        Trial("silence.wav", build.silence(folder), "indexed"),
    ]


def formats() -> list[Trial]:
    """The development files, as their manifest says they must end."""
    folder = SHARED / "formats"
    found = []
    for entry in map(json.loads, (folder / "manifest.jsonl").read_text("utf-8").splitlines()):
        state = {"must_not_crash": "quarantined", "needs_hint": "quarantined"}.get(entry["expect"], "any good end")
        code = "needs_hint" if entry["expect"] == "needs_hint" else None
        found.append(Trial(entry["file"], folder / entry["file"], state, code))
    raw = folder / "google_hello_headerless_16k.raw"
    return [*found, Trial(raw.name, raw, "any good end", source="dictations")]


def _text(lines: Sequence[dict[str, str]]) -> str:
    return " ".join(line["text"] for line in lines)


def _paths(lines: Sequence[dict[str, str]]) -> list[Path]:
    return [SHARED / "wer" / line["file"] for line in lines]


def _joined(target: Path, parts: Sequence[Path]) -> Path:
    """The parts with a pause before each. The first pause differs each time: the same audio twice is a duplicate."""
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
    graph = "[0:a]volume=0.3[v];[v][1:a]amix=inputs=2:normalize=0:duration=first"
    _ffmpeg("-i", str(part), "-f", "lavfi", "-i", noise, "-filter_complex", graph, "-ac", "1", str(target))
    return target


def _ffmpeg(*arguments: str) -> None:
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *arguments], check=True, timeout=300)
