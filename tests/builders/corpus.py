"""The recordings of ``tests/corpus``; the development data beside the checkout, if it is there, only adds to them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.builders.media import ffmpeg

FOLDER = Path(__file__).parents[1] / "corpus"
MUSIC = FOLDER / "music.flac"
SHARED = Path(__file__).parents[3] / "shared"
RATE = 16_000

CONFORMER = "stt-en-conformer-ctc-small"
WEIGHTS = "stt_en_conformer_ctc_small.nemo"
# Weights that take the place of the English Conformer: small ones, which know the corpus, and the published ones.
CONFORMERS = {"small": FOLDER / "reader.nemo"}
if (SHARED / "models" / WEIGHTS).is_file():
    CONFORMERS["published"] = SHARED / "models" / WEIGHTS


def is_small(weights: Path) -> bool:
    """Whether a Conformer is the one of the corpus."""
    return weights.resolve() == CONFORMERS["small"].resolve()


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording and what is said in it; ``speaker`` is empty if it is unknown who speaks."""

    path: Path
    speaker: str
    language: str
    text: str


def readings() -> list[Recording]:
    """English utterances of three readers."""
    return list(_rows(FOLDER / "readings.jsonl"))


def readers() -> dict[str, list[Recording]]:
    """The same by reader."""
    found: dict[str, list[Recording]] = {}
    for recording in readings():
        found.setdefault(recording.speaker, []).append(recording)
    return found


def languages() -> dict[str, Recording]:
    """A sentence in each of four languages; the development data has more."""
    own = {recording.language: recording for recording in _rows(FOLDER / "languages.jsonl")}
    return {recording.language: recording for recording in _rows(SHARED / "data" / "lid" / "labels.jsonl")} | own


def librispeech() -> list[Recording]:
    """A hundred utterances of ten more readers, from the development data; empty if it is not there."""
    return list(_rows(SHARED / "data" / "wer" / "refs.jsonl"))


def joined(recordings: Sequence[Recording], pause: float = 0.5) -> tuple[Any, list[tuple[float, float]]]:
    """Samples of one recording after the other, ``pause`` seconds of room noise before each; and each one's place."""
    import numpy as np
    import soundfile

    noise = np.random.default_rng(7).normal(0, 1e-4, round(pause * RATE)).astype(np.float32)
    pieces, places, at = [], [], 0.0
    for recording in recordings:
        samples, _ = soundfile.read(recording.path, dtype="float32")
        pieces += [noise, samples]
        places.append((at + pause, at + pause + len(samples) / RATE))
        at = places[-1][1]
    return np.concatenate(pieces), places


def call(folder: Path) -> Path:
    """``folder/call.wav``: two of the readers in turn, 46 s over the telephone (8 kHz, 8 bits)."""
    import numpy as np
    import soundfile

    one, other = readers()["allison"], readers()["sonnet"]
    samples, _ = joined([one[0], other[0], one[1], other[1], one[5], other[4]])
    whole = folder / "whole.wav"
    soundfile.write(whole, np.concatenate([samples, np.zeros(RATE // 2)]), RATE)
    ffmpeg("-i", whole, "-ar", "8000", "-c:a", "pcm_u8", folder / "call.wav")
    return folder / "call.wav"


def _rows(index: Path) -> Iterator[Recording]:
    for line in index.read_text("utf-8").splitlines() if index.is_file() else ():
        row = json.loads(line)
        path = index.parent / row["file"]
        yield Recording(path, row.get("speaker", ""), row.get("language", "en"), row.get("text", ""))
