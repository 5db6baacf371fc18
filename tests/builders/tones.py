"""Normalise a file of tones, and tell which tones are heard."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mediaindex.contract.results import NormalizedAudio
from mediaindex.contract.settings import NormalizeSettings, TrackPolicy
from mediaindex.stages.normalize import audio_of, normalize

HERTZ = (300, 440, 900)


def run(path: Path, tracks: TrackPolicy = "mix", *, keep_channels: bool = False) -> NormalizedAudio:
    """The file, normalised into a folder beside it."""
    return normalize(path, path.parent / "out", NormalizeSettings(tracks=tracks, keep_channels=keep_channels))


def tones(normalized: NormalizedAudio, path: Path, start: float = 0.5, end: float | None = None) -> set[int]:
    """The tones in this part of the normalised audio."""
    return tones_in(audio_of(normalized, path.parent / "out").read(), start, end)


def tones_in(samples: np.ndarray, start: float = 0.5, end: float | None = None) -> set[int]:
    """The tones in this part of the samples, of 16 kHz."""
    samples = samples[round(start * 16_000) :]
    samples = samples if end is None else samples[: round((end - start) * 16_000)]
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    levels = {hertz: spectrum[round(hertz * len(samples) / 16_000) + np.arange(-2, 3)].max() for hertz in HERTZ}
    return {hertz for hertz, level in levels.items() if level > 0.1 * max(levels.values())}
