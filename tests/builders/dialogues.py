"""Conversations made of read utterances: audio, who speaks when, and what is said, all known by construction.

Whole utterances of LibriSpeech (the development data beside the checkout) stand one after the other with pauses. A
reader's own pauses are no speech in the truth: it holds the stretches whose level is within 35 dB of the utterance's
loudest, pauses below 0.3 s closed, which judges a diarizer and knows none.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

SHARED = Path(__file__).parents[3] / "shared"
WER = SHARED / "data" / "wer"
RATE = 16_000
FRAME = 160  # samples: 10 ms
BELOW_PEAK_DB = 35.0
SHORTEST_PAUSE, SHORTEST_SPEECH = 0.3, 0.1  # s


@dataclass(frozen=True, slots=True)
class Utterance:
    """What one reader says in one breath."""

    path: Path
    speaker: str
    text: str


@dataclass(frozen=True, slots=True)
class Said:
    """An utterance in its place: seconds from the beginning; ``speech``: where its reader is heard."""

    start: float
    end: float
    speaker: str
    text: str
    speech: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A recording and the truth about it, in order of time."""

    path: Path
    seconds: float
    said: tuple[Said, ...]

    @property
    def text(self) -> str:
        """All that is said."""
        return " ".join(one.text for one in self.said)

    @property
    def speech(self) -> list[tuple[float, float, str]]:
        """Start, end and speaker of each stretch of speech."""
        return [(start, end, one.speaker) for one in self.said for start, end in one.speech]

    def rttm(self) -> str:
        """The same as RTTM."""
        return "".join(
            f"SPEAKER {self.path.stem} 1 {start:.3f} {end - start:.3f} <NA> <NA> {speaker} <NA> <NA>\n"
            for start, end, speaker in self.speech
        )

    def speaker_at(self, when: float) -> str:
        """Whose utterance a time belongs to; in a pause, the nearest one's."""
        return min(self.said, key=lambda one: max(one.start - when, when - one.end, 0.0)).speaker


def utterances(refs: Path = WER / "refs.jsonl") -> dict[str, list[Utterance]]:
    """All utterances of each reader."""
    found: dict[str, list[Utterance]] = {}
    for line in refs.read_text("utf-8").splitlines():
        row = json.loads(line)
        found.setdefault(row["speaker"], []).append(Utterance(refs.parent / row["file"], row["speaker"], row["text"]))
    return found


def dialogue(
    folder: Path,
    name: str,
    readers: Sequence[Sequence[Utterance]],
    seconds: float,
    *,
    seed: int,
    pauses: tuple[float, float] = (0.2, 1.2),
    trimmed: bool = False,
) -> Dialogue:
    """``folder/name.flac``: the readers in turn, by chance, until about ``seconds`` have passed.

    ``pauses``: shortest and longest silence (s) between two turns; a negative one lets them overlap. ``trimmed``:
    without the silence around each utterance. No reader speaks twice in a row. An utterance is repeated only after
    all others of its reader.
    """
    import numpy as np
    import soundfile

    mix = np.zeros(round((seconds + 60) * RATE), dtype=np.float32)
    said: list[Said] = []
    chance, at = random.Random(seed), 0.0
    for utterance in _turns(readers, chance):
        samples = _samples(utterance.path, trimmed=trimmed)
        end = at + len(samples) / RATE
        if end > seconds and said:
            break
        first = round(at * RATE)
        mix[first : first + len(samples)] += samples
        speech = tuple((round(at + start, 3), round(at + stop, 3)) for start, stop in speech_of(samples))
        said.append(Said(round(at, 3), round(end, 3), utterance.speaker, utterance.text, speech))
        at = max(0.0, end + chance.uniform(*pauses))
    length = max(one.end for one in said)
    path = folder / f"{name}.flac"
    soundfile.write(path, mix[: round(length * RATE)], RATE)
    return Dialogue(path, length, tuple(sorted(said, key=lambda one: one.start)))


def _samples(path: Path, *, trimmed: bool) -> Any:
    import soundfile

    samples, _ = soundfile.read(path, dtype="float32")
    speech = speech_of(samples)
    return samples[round(speech[0][0] * RATE) : round(speech[-1][1] * RATE)] if trimmed else samples


def _turns(readers: Sequence[Sequence[Utterance]], chance: random.Random) -> Iterator[Utterance]:
    waiting: list[list[Utterance]] = [[] for _ in readers]
    before = -1
    while True:
        turn = chance.choice([reader for reader in range(len(readers)) if reader != before or len(readers) == 1])
        if not waiting[turn]:
            waiting[turn] = chance.sample(list(readers[turn]), len(readers[turn]))
        before = turn
        yield waiting[turn].pop()


def speech_of(samples: Any) -> list[tuple[float, float]]:
    """Start and end (s) of each stretch of speech in an utterance, by its level."""
    import numpy as np

    frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME)
    levels = 10 * np.log10(np.square(frames).mean(axis=1) + 1e-10)
    loud = np.flatnonzero(levels > np.percentile(levels, 98) - BELOW_PEAK_DB)
    step = FRAME / RATE
    cuts = [0, *(i + 1 for i, (a, b) in enumerate(pairwise(loud.tolist())) if (b - a) * step > SHORTEST_PAUSE)]
    parts = [loud[first:last] for first, last in zip(cuts, [*cuts[1:], len(loud)], strict=True)]
    spans = [(int(part[0]) * step, (int(part[-1]) + 1) * step) for part in parts if len(part)]
    return [(start, end) for start, end in spans if end - start >= SHORTEST_SPEECH]
