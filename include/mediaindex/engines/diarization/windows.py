"""Cuts a recording into the overlapping windows of speaker segmentation, one bounded stretch at a time.

Windows lie as in pyannote.audio: one per hop from the start, the last one padded with silence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mediaindex.stages.protocols import SAMPLE_RATE

if TYPE_CHECKING:
    from mediaindex.stages.protocols import Samples

WINDOW = 10 * SAMPLE_RATE  # samples; segmentation-3.0 was trained on windows of this length


@dataclass(frozen=True, slots=True)
class Stretch:
    """``count`` windows, numbered from ``first``.

    ``samples`` extend from the start of the first window to the end of the last one; ``last``: the recording ends with
    this stretch.
    """

    first: int
    count: int
    samples: Samples
    last: bool


def stretches(blocks: Iterable[Samples], hop: int, per_stretch: int) -> Iterator[Stretch]:
    """All windows of a recording in order, ``per_stretch`` at a time; ``hop`` in samples, blocks of any length."""
    size = (per_stretch - 1) * hop + WINDOW
    first, held, parts = 0, 0, []
    for block in blocks:
        parts.append(block)
        held += len(block)
        # One sample more than needed: the next stretch then always contains new samples.
        while held > size:
            samples = np.concatenate(parts)
            yield Stretch(first, per_stretch, samples[:size], last=False)
            first += per_stretch
            parts = [samples[per_stretch * hop :].copy()]
            held = len(parts[0])
    if held:
        count = 1 + -(-max(0, held - WINDOW) // hop)
        yield Stretch(first, count, np.concatenate(parts), last=True)


def windows(stretch: Stretch, hop: int, at: int, number: int) -> Samples:
    """Windows ``at`` to ``at + number`` of a stretch, or up to its last one: shape (windows, WINDOW)."""
    number = min(number, stretch.count - at)
    cut = np.zeros((number, WINDOW), np.float32)
    for row in range(number):
        samples = stretch.samples[(at + row) * hop :][:WINDOW]
        cut[row, : len(samples)] = samples
    return cut
