"""Conversations made of whole utterances by alternating readers, with pauses between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

PAUSE = 0.5  # s between utterances
RATE = 16_000


def taking_turns(
    utterances: Mapping[str, Sequence[Path]], speakers: Sequence[str], rounds: int
) -> tuple[Any, list[tuple[float, float, str]]]:
    """Samples, shape (samples,), and (start, end, speaker) of each utterance in seconds."""
    import numpy as np
    import soundfile

    parts, spans, at = [], [], 0.0
    for number in range(rounds):
        for speaker in speakers:
            samples, _ = soundfile.read(utterances[speaker][number], dtype="float32")
            parts += [samples, np.zeros(round(PAUSE * RATE), np.float32)]
            spans.append((at, at + len(samples) / RATE, speaker))
            at = spans[-1][1] + PAUSE
    return np.concatenate(parts), spans
