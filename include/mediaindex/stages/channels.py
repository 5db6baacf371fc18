"""Calls recorded with one party a channel: the channel is the speaker, and nobody has to be told apart by voice.

Voice activity is heard on each channel. Lines leak, so a channel also carries the other parties, at a lower level:
how much lower is measured on the recording itself, and only what stands above that counts as the channel's own.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from mediaindex.contract.settings import DetectSpeechSettings
from mediaindex.stages.media.typical_level import FLOOR, frame_levels
from mediaindex.timeline import SpeakerSpan, round_to_ms

from .detect_speech import speech_runs
from .protocols import SAMPLE_RATE, Diarized

if TYPE_CHECKING:
    import numpy as np

    from .audio import Audio
    from .protocols import SpeechDetector

    Bytes: TypeAlias = np.ndarray[Any, np.dtype[np.uint8]]
    Mask: TypeAlias = np.ndarray[Any, np.dtype[np.bool_]]

BLOCK = 60.0  # s of audio in memory at a time; a whole number of 32 ms frames
LEAD = 8.0  # s before a block that the detector hears again, so that it knows its surroundings
STEPS_A_DB = 2  # levels are kept in half decibels: two bytes a frame and channel, 5 MB a channel and day
ECHO_FRAMES = 8  # 0.25 s: a leak through the other party's telephone and back comes so much later
FEWEST_FRAMES = 32  # about 1 s of a party alone; less says nothing about its leak
SMOOTH_FRAMES = 15  # 0.5 s: who is louder is not asked anew for every syllable
PIECE = 20_000  # frames (10 min) that are worked on in floating point at a time


class SameVoicesError(Exception):
    """Two channels carry the same voices: none of them is one party's."""


@dataclass(frozen=True, slots=True)
class Heard:
    """Each frame of each channel, shape (channels, frames): P(speech) in 255ths, level in half dB below full scale."""

    speech: Bytes
    depth: Bytes
    frame_seconds: float


def by_channel(audio: Audio, detector: SpeechDetector, margin: float, rules: DetectSpeechSettings) -> Diarized:
    """Spans of each channel's own speech, in seconds of decoded audio; labels are the channels' numbers.

    ``spans`` may overlap, ``exclusive`` has the louder one. ``margin``: dB above the leak from which speech is the
    channel's own. Raises SameVoicesError where two channels hear each other at full level. Memory is that of one block
    and two bytes a frame.
    """
    heard = listen(audio, detector)
    leaks = leak_levels(heard)
    for one, other in itertools.combinations(range(len(heard.speech)), 2):
        if min(leaks[one][other], leaks[other][one]) > -margin:
            raise SameVoicesError(f"channels {one + 1} and {other + 1} carry the same voices")
    active = own_speech(heard, leaks, margin, rules)
    spans = [
        span
        for channel, frames in enumerate(active)
        for span in _spans(_where(frames), channel, heard.frame_seconds, audio.duration)
    ]
    return Diarized(tuple(sorted(spans, key=lambda span: span.start)), tuple(_louder(heard, active, audio.duration)))


def listen(audio: Audio, detector: SpeechDetector) -> Heard:
    """Speech and level of every frame of every channel, block by block."""
    import numpy as np

    frame = round(detector.frame_seconds * SAMPLE_RATE)
    lead = round(LEAD / detector.frame_seconds) * frame
    speech, depth, before = [], [], None
    for block in audio.channel_blocks(BLOCK):
        known = block[:0] if before is None else before
        together = np.concatenate([known, block])
        probabilities = [detector.probabilities(np.ascontiguousarray(channel)) for channel in together.T]
        speech.append(np.stack([np.round(255 * p[len(known) // frame :]) for p in probabilities]).astype(np.uint8))
        powers = np.stack([frame_levels(channel, frame) for channel in block.T])
        decibels = -10 * np.log10(np.maximum(powers, FLOOR))
        depth.append(np.clip(np.round(STEPS_A_DB * decibels), 0, 255).astype(np.uint8))
        before = block[-lead:] if len(block) >= lead else None
    return Heard(np.concatenate(speech, axis=1), np.concatenate(depth, axis=1), detector.frame_seconds)


def leak_levels(heard: Heard) -> list[list[float]]:
    """``[channel][other]``: the level (dB, negative is quieter) at which ``channel`` hears the party of ``other``.

    The median over the frames in which ``other`` speaks and no channel is louder; most of them are its party's alone.
    -infinity where there are too few. Peaks are compared with peaks, so that a late leak is measured as well.
    """
    import numpy as np

    loudest = heard.depth.min(axis=0)
    peaks = [lately(depth) for depth in heard.depth]
    talks = [(speech >= 128) & (depth <= loudest) for speech, depth in zip(heard.speech, heard.depth, strict=True)]
    leaks = []
    for channel, peak in enumerate(peaks):
        row = []
        for other, frames in enumerate(talks):
            enough = other != channel and int(frames.sum()) >= FEWEST_FRAMES
            row.append(float(np.median(_above(peak, peaks[other])[frames])) if enough else -math.inf)
        leaks.append(row)
    return leaks


def own_speech(
    heard: Heard, leaks: Sequence[Sequence[float]], margin: float, rules: DetectSpeechSettings
) -> list[Mask]:
    """For each channel, the frames (frames,) in which its own party speaks, padding included."""
    import numpy as np

    padding = round(rules.padding / heard.frame_seconds)
    peaks = [lately(depth) for depth in heard.depth]
    found = []
    for channel, speech in enumerate(heard.speech):
        own = np.ones(len(speech), dtype=bool)
        for other, leak in enumerate(leaks[channel]):
            if math.isfinite(leak):
                own &= _above(heard.depth[channel], peaks[other]) > leak + margin
        active = np.zeros(len(speech), dtype=bool)
        for first, last in _runs(np.where(own, speech, 0), heard.frame_seconds, rules):
            active[max(0, first - padding) : last + padding] = True
        found.append(active)
    return found


def lately(depth: Bytes) -> Bytes:
    """The loudest of each frame, ``ECHO_FRAMES`` before it and one after it (clocks of two lines differ by less)."""
    import numpy as np

    padded = np.concatenate([np.full(ECHO_FRAMES, 255, np.uint8), depth, depth[-1:]])
    loudest = padded[: len(depth)].copy()
    for shift in range(1, ECHO_FRAMES + 2):
        np.minimum(loudest, padded[shift : shift + len(depth)], out=loudest)
    return loudest


def _above(depth: Bytes, other: Bytes) -> Any:
    """dB by which one level stands above another, shape (frames,)."""
    return (other.astype("float32") - depth) / STEPS_A_DB


def _runs(speech: Bytes, frame_seconds: float, rules: DetectSpeechSettings) -> Iterator[tuple[int, int]]:
    """``speech_runs``, stretch by stretch: on both sides of a silence that ends a run, it would find the same."""
    import numpy as np

    heard = np.flatnonzero(speech >= 255 * rules.leave)
    longest_pause = math.ceil(rules.min_silence / frame_seconds)
    parts = np.split(heard, np.flatnonzero(np.diff(heard) > longest_pause + 1) + 1) if len(heard) else []
    for part in parts:
        begin = int(part[0])
        values = speech[begin : int(part[-1]) + 1].astype(np.float32) * np.float32(1 / 255)
        for first, last in speech_runs(values, frame_seconds, rules):
            yield begin + first, begin + last


def _louder(heard: Heard, active: Sequence[Mask], duration: float) -> list[SpeakerSpan]:
    """One speaker at a time: where several speak, the one who is louder over half a second."""
    import numpy as np

    together = np.stack(active)
    louder = np.full(together.shape[1], len(active), dtype=np.uint8)  # one more than there are: nobody
    window = np.ones(SMOOTH_FRAMES, dtype=np.float32) / SMOOTH_FRAMES
    for first in range(0, together.shape[1], PIECE):
        piece = slice(first, first + PIECE)
        powers = 10 ** (-heard.depth[:, piece].astype(np.float32) / (10 * STEPS_A_DB))
        smooth = np.stack([np.convolve(channel, window)[SMOOTH_FRAMES // 2 :][: len(channel)] for channel in powers])
        loudest = np.where(together[:, piece], smooth, -1).argmax(axis=0)
        louder[piece] = np.where(together[:, piece].any(axis=0), loudest, len(active))
    spans = [
        span
        for channel in range(len(active))
        for span in _spans(_where(louder == channel), channel, heard.frame_seconds, duration)
    ]
    return sorted(spans, key=lambda span: span.start)


def _where(frames: Mask) -> list[tuple[int, int]]:
    """First frame and frame after the last of each run of True."""
    import numpy as np

    edges = np.flatnonzero(np.diff(np.concatenate([[False], frames, [False]]).astype(np.int8)))
    return [(int(first), int(last)) for first, last in zip(edges[::2], edges[1::2], strict=True)]


def _spans(runs: Sequence[tuple[int, int]], channel: int, frame: float, duration: float) -> Iterator[SpeakerSpan]:
    for first, last in runs:
        start, end = round_to_ms(first * frame), round_to_ms(min(last * frame, duration))
        if start < end:
            yield SpeakerSpan(start, end, f"channel {channel}")
