"""Extracts activity and voices of each window of a recording, stretch by stretch, on several workers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from mediaindex.stages.protocols import SAMPLE_RATE

from .segmentation import Segmentation
from .voices import Bits, TrunkFrames, pieces, trunk_frames, window_voices
from .windows import WINDOW, Stretch, windows

if TYPE_CHECKING:
    from .store import Store
    from .trunk import Trunk

BATCH = 4  # windows per call of segmentation: more are hardly faster, and each takes 20 MB


@dataclass
class VoiceExtractor:
    """Writes windows and voices of one recording to ``store``; ``hop`` in seconds.

    It keeps the windows and frames between stretches that later stretches need.
    """

    segmentation: Segmentation
    trunk: Trunk
    workers: Executor
    hop: float
    store: Store
    _waiting: list[tuple[int, Bits]] = field(default_factory=list)
    _frames: list[TrunkFrames] = field(default_factory=list)

    def add(self, stretch: Stretch) -> None:
        """Store the windows of the stretch, and the voices of all windows that later stretches do not reach."""
        samples = round(self.hop * SAMPLE_RATE)

        def segment(at: int) -> Bits:
            return self.segmentation(windows(stretch, samples, at, BATCH))

        active = np.concatenate(list(self.workers.map(segment, range(0, stretch.count, BATCH))))
        for mask in active:
            self.store.add_window(mask)
        self._frames += self.workers.map(lambda piece: self._embed(stretch, *piece), self._pieces(stretch, active))
        self._waiting += [(stretch.first + row, mask) for row, mask in enumerate(active)]
        self._store_voices(stretch)

    def _pieces(self, stretch: Stretch, active: Bits) -> Iterator[tuple[float, float]]:
        """Pieces of speech in seconds of the stretch; each window contributes the time around its middle."""
        side = (WINDOW / SAMPLE_RATE - self.hop) / 2
        for row, mask in enumerate(active):
            if not mask.any():
                continue
            start = 0.0 if stretch.first + row == 0 else side
            end = side + self.hop
            if stretch.last and row == stretch.count - 1:
                end = len(stretch.samples) / SAMPLE_RATE - row * self.hop
            for piece_start, piece_end in pieces(mask, start, end):
                yield row * self.hop + piece_start, row * self.hop + piece_end

    def _embed(self, stretch: Stretch, start: float, end: float) -> TrunkFrames:
        samples = stretch.samples[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)]
        return trunk_frames(self.trunk, samples, stretch.first * self.hop + start)

    def _store_voices(self, stretch: Stretch) -> None:
        # A window also pools the frames that the following windows contribute, as far as they overlap with it.
        lag = math.ceil((WINDOW / SAMPLE_RATE - self.hop) / 2 / self.hop)
        done = len(self._waiting) if stretch.last else max(0, len(self._waiting) - lag)
        for window, mask in self._waiting[:done]:
            start = window * self.hop
            end = start + WINDOW / SAMPLE_RATE
            near = [frames for frames in self._frames if frames.times[-1] >= start and frames.times[0] < end]
            for voice in window_voices(self.trunk, mask, start, near):
                self.store.add_voice(window, voice)
        del self._waiting[:done]
        if self._waiting:
            first = self._waiting[0][0] * self.hop
            self._frames = [frames for frames in self._frames if frames.times[-1] >= first]
