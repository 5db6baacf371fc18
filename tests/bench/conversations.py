"""Conversations with known speakers, composed of single utterances."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

RATE = 16_000
PAUSES = (0.2, 1.0)  # s between turns
OVERLAP = 0.15  # share of turns that begin before the previous one has ended
OVERLAPS = (0.3, 1.5)  # s
TURN = (1.0, 12.0)  # s: utterances are cut to turns of this duration
QUIET = 25  # dB below the loud parts of an utterance: silence

Samples = np.ndarray[Any, np.dtype[np.float32]]
Spoken = tuple[float, float, str]


@dataclass(frozen=True)
class Conversation:
    """Samples, and who speaks when: (start, end, speaker) in seconds."""

    samples: Samples
    spoken: list[Spoken]

    @property
    def duration(self) -> float:
        return len(self.samples) / RATE

    def read_span(self, span: Any) -> Samples:
        return self.samples if span is None else self.samples[round(span.start * RATE) : round(span.end * RATE)]

    def blocks(self, seconds: float) -> Iterator[Samples]:
        size = round(seconds * RATE)
        return (self.samples[at : at + size] for at in range(0, len(self.samples), size))

    def rttm(self, name: str) -> str:
        """The reference as RTTM."""
        return "".join(f"SPEAKER {name} 1 {a:.3f} {b - a:.3f} <NA> <NA> {who} <NA> <NA>\n" for a, b, who in self.spoken)


def utterances(folder: Path) -> dict[str, list[Path]]:
    """Files of each speaker of a directory with ``refs.jsonl``."""
    by_speaker: dict[str, list[Path]] = {}
    for line in (folder / "refs.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        by_speaker.setdefault(row["speaker"], []).append(folder / row["file"])
    return by_speaker


def speech(samples: Samples) -> list[tuple[float, float]]:
    """Start and end (s) of speech in an utterance: within QUIET dB of its loud parts, pauses under 0.3 s filled."""
    frame = RATE // 50
    power = (samples[: len(samples) // frame * frame].reshape(-1, frame) ** 2).mean(1)
    loud = 10 * np.log10(power + 1e-10) > 10 * np.log10(np.quantile(power, 0.95)) - QUIET
    edges = np.flatnonzero(np.diff(np.concatenate([[False], loud, [False]]).astype(int))) / 50
    joined: list[tuple[float, float]] = []
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        begun = joined.pop()[0] if joined and start - joined[-1][1] < 0.3 else float(start)
        joined.append((begun, float(end)))
    return [(start, end) for start, end in joined if end - start >= 0.1]


def conversation(files: dict[str, list[Path]], speakers: int, seconds: float, seed: int) -> Conversation:
    """About ``seconds`` of ``speakers`` speakers in turn, with pauses and some overlaps, at different levels."""
    rng = np.random.default_rng(seed)
    people = [str(name) for name in rng.choice(sorted(files), speakers, replace=False)]
    level = {name: 10 ** (rng.uniform(-6, 0) / 20) for name in people}
    spoken: list[Spoken] = []
    track = np.zeros(round((seconds + 40) * RATE), np.float32)
    end, last, turn = 0.5, "", 0
    queues = {name: list(rng.permutation(len(files[name]))) for name in people}
    while end < seconds:
        others = [name for name in people if name != last] or people
        who = people[turn] if turn < len(people) else str(rng.choice(others))
        queue = queues[who]
        queue.append(queue.pop(0))
        utterance, _ = soundfile.read(files[who][queue[-1]], dtype="float32")
        utterance = utterance[: round(rng.uniform(*TURN) * RATE)] * level[who]
        start = end + rng.uniform(*PAUSES)
        if turn and rng.random() < OVERLAP:
            start = max(0.0, end - min(rng.uniform(*OVERLAPS), len(utterance) / RATE / 2))
        at = round(start * RATE)
        track[at : at + len(utterance)] += utterance[: len(track) - at]
        spoken += [(start + first, start + last, who) for first, last in speech(utterance)]
        end, last, turn = max(end, start + len(utterance) / RATE), who, turn + 1
    samples = track[: round((end + 0.5) * RATE)] + rng.normal(0, 1e-4, round((end + 0.5) * RATE)).astype(np.float32)
    return Conversation(np.clip(samples, -1, 1), sorted(spoken))
