"""Where speech without a pause is cut all the same: at its quietest place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mediaindex.timeline import Span

from .protocols import SAMPLE_RATE

if TYPE_CHECKING:
    from .audio import Audio

SMOOTH = 5  # frames that are loud or quiet together: a single quiet frame is a plosive, not a pause
FRAME = 0.02  # seconds: where a long stretch is cut, the quietest stretch of this length wins


def quietest(audio: Audio, start: float, end: float) -> float:
    """Middle (s) of the quietest stretch between two positions (s) of the decoded audio."""
    import numpy as np

    samples = audio.read_span(Span(start, end))
    size = round(FRAME * SAMPLE_RATE)
    frames = samples[: len(samples) // size * size].reshape(-1, size)
    if len(frames) < SMOOTH:
        return end
    # Only where all frames are there: at the edges a shorter sum would always look quieter.
    energy = np.convolve((frames**2).mean(axis=1), np.ones(SMOOTH), mode="valid")
    return start + (int(energy.argmin()) + SMOOTH / 2) * FRAME
