"""A recording heard stretch by stretch: activity and voices of each window, in order, on several workers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from mediaindex.stages.protocols import SAMPLE_RATE

from . import voices as speaker_voices
from .segmentation import Segmentation
from .voices import Bits, Heard
from .windows import WINDOW, Stretch, windows

if TYPE_CHECKING:
    from .store import Store
    from .trunk import Trunk

BATCH = 4  # windows that pass segmentation together: more are hardly faster, and each takes 20 MB


@dataclass
class Listener:
    """What is remembered between the stretches of one recording; ``hop`` in seconds."""

    segmentation: Segmentation
    trunk: Trunk
    workers: Executor
    hop: float
    store: Store
    _waiting: list[tuple[int, Bits]] = field(default_factory=list)
    _heard: list[Heard] = field(default_factory=list)

    def hear(self, stretch: Stretch) -> None:
        """Put the stretch's windows, and the voices of all windows that no later stretch adds to, into the store."""
        samples = round(self.hop * SAMPLE_RATE)

        def segment(at: int) -> Bits:
            return self.segmentation(windows(stretch, samples, at, BATCH))

        active = np.concatenate(list(self.workers.map(segment, range(0, stretch.count, BATCH))))
        for mask in active:
            self.store.add_window(mask)
        self._heard += self.workers.map(lambda piece: self._listen(stretch, *piece), self._pieces(stretch, active))
        self._waiting += [(stretch.first + row, mask) for row, mask in enumerate(active)]
        self._recognise(stretch)

    def _pieces(self, stretch: Stretch, active: Bits) -> Iterator[tuple[float, float]]:
        """Speech to listen to, seconds of the stretch: each window answers for the time that it sees best."""
        side = (WINDOW / SAMPLE_RATE - self.hop) / 2
        for row, mask in enumerate(active):
            if not mask.any():
                continue
            start = 0.0 if stretch.first + row == 0 else side
            end = side + self.hop
            if stretch.last and row == stretch.count - 1:
                end = len(stretch.samples) / SAMPLE_RATE - row * self.hop
            for one, two in speaker_voices.pieces(mask, start, end):
                yield row * self.hop + one, row * self.hop + two

    def _listen(self, stretch: Stretch, start: float, end: float) -> Heard:
        samples = stretch.samples[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)]
        return speaker_voices.listen(self.trunk, samples, stretch.first * self.hop + start)

    def _recognise(self, stretch: Stretch) -> None:
        # A window pools speech that its followers, as far as they reach into it, answer for.
        lag = math.ceil((WINDOW / SAMPLE_RATE - self.hop) / 2 / self.hop)
        done = len(self._waiting) if stretch.last else max(0, len(self._waiting) - lag)
        for window, mask in self._waiting[:done]:
            start = window * self.hop
            end = start + WINDOW / SAMPLE_RATE
            near = [one for one in self._heard if one.times[-1] >= start and one.times[0] < end]
            for voice in speaker_voices.voices(self.trunk, mask, start, near):
                self.store.add_voice(window, voice)
        del self._waiting[:done]
        if self._waiting:
            first = self._waiting[0][0] * self.hop
            self._heard = [one for one in self._heard if one.times[-1] >= first]
