"""Diarization of recordings with one speaker per channel: the channel is the speaker, voices are not compared.

Voice activity is detected on each channel. Because of cross-talk a channel also carries the other speakers at a lower
level. This level is measured on the recording itself, and only speech above it counts as the channel's own.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from mediaindex.contract.settings import DetectSpeechSettings
from mediaindex.stages.media.levels import FLOOR, frame_levels
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
LEAD = 8.0  # s before a block that the detector processes again for context
STEPS_PER_DB = 2  # levels in half decibels: two bytes per frame and channel, 5 MB per channel and day
ECHO_FRAMES = 8  # 0.25 s: the delay of cross-talk through the other speaker's telephone and back
FEWEST_FRAMES = 32  # about 1 s of a speaker alone; less is too little to measure cross-talk
SMOOTH_FRAMES = 15  # 0.5 s: levels are averaged, so that the louder speaker does not change with each syllable
PIECE = 20_000  # frames (10 min) that are processed in floating point at a time


class SameVoicesError(Exception):
    """Two channels carry the same voices, so that the channel is not the speaker."""


@dataclass(frozen=True, slots=True)
class ChannelActivity:
    """Per channel and frame, shape (channels, frames): P(speech) * 255, and level in half dB below full scale."""

    speech: Bytes
    depth: Bytes
    frame_seconds: float


def by_channel(audio: Audio, detector: SpeechDetector, margin: float, rules: DetectSpeechSettings) -> Diarized:
    """Spans of each channel's own speech, in seconds of decoded audio; labels are the channels' numbers.

    ``spans`` may overlap; ``exclusive`` has the louder speaker. ``margin``: dB above the cross-talk from which speech
    is the channel's own. Raises SameVoicesError if two channels carry each other at full level. Memory: one block, and
    two bytes per frame and channel.
    """
    activity = measure_activity(audio, detector)
    leaks = leak_levels(activity)
    for first, second in itertools.combinations(range(len(activity.speech)), 2):
        if min(leaks[first][second], leaks[second][first]) > -margin:
            raise SameVoicesError(f"channels {first + 1} and {second + 1} carry the same voices")
    active = own_speech(activity, leaks, margin, rules)
    spans = [
        span
        for channel, frames in enumerate(active)
        for span in _spans(_true_runs(frames), channel, activity.frame_seconds, audio.duration)
    ]
    return Diarized(tuple(sorted(spans, key=lambda span: span.start)), tuple(_louder(activity, active, audio.duration)))


def measure_activity(audio: Audio, detector: SpeechDetector) -> ChannelActivity:
    """P(speech) and level of every frame of every channel, block by block."""
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
        depth.append(np.clip(np.round(STEPS_PER_DB * decibels), 0, 255).astype(np.uint8))
        before = block[-lead:] if len(block) >= lead else None
    return ChannelActivity(np.concatenate(speech, axis=1), np.concatenate(depth, axis=1), detector.frame_seconds)


def leak_levels(activity: ChannelActivity) -> list[list[float]]:
    """``[channel][other]``: the level (dB, negative is quieter) at which ``channel`` carries the speaker of ``other``.

    It is the median over the frames in which ``other`` has speech and no channel is louder, in most of which only that
    speaker talks; -infinity if there are too few. Peaks are compared with peaks, so that delayed cross-talk is measured
    too.
    """
    import numpy as np

    loudest = activity.depth.min(axis=0)
    peaks = [recent_peaks(depth) for depth in activity.depth]
    talks = [
        (speech >= 128) & (depth <= loudest) for speech, depth in zip(activity.speech, activity.depth, strict=True)
    ]
    leaks = []
    for channel, peak in enumerate(peaks):
        row = []
        for other, frames in enumerate(talks):
            enough = other != channel and int(frames.sum()) >= FEWEST_FRAMES
            row.append(float(np.median(_above(peak, peaks[other])[frames])) if enough else -math.inf)
        leaks.append(row)
    return leaks


def own_speech(
    activity: ChannelActivity, leaks: Sequence[Sequence[float]], margin: float, rules: DetectSpeechSettings
) -> list[Mask]:
    """Per channel, the mask, shape (frames,), of its own speaker's speech, padding included."""
    import numpy as np

    padding = round(rules.padding / activity.frame_seconds)
    peaks = [recent_peaks(depth) for depth in activity.depth]
    masks = []
    for channel, speech in enumerate(activity.speech):
        own = np.ones(len(speech), dtype=bool)
        for other, leak in enumerate(leaks[channel]):
            if math.isfinite(leak):
                own &= _above(activity.depth[channel], peaks[other]) > leak + margin
        active = np.zeros(len(speech), dtype=bool)
        for first, last in _runs(np.where(own, speech, 0), activity.frame_seconds, rules):
            active[max(0, first - padding) : last + padding] = True
        masks.append(active)
    return masks


def recent_peaks(depth: Bytes) -> Bytes:
    """Per frame, the loudest level from ``ECHO_FRAMES`` before to one after it (clocks of lines differ by less)."""
    import numpy as np

    padded = np.concatenate([np.full(ECHO_FRAMES, 255, np.uint8), depth, depth[-1:]])
    loudest = padded[: len(depth)].copy()
    for shift in range(1, ECHO_FRAMES + 2):
        np.minimum(loudest, padded[shift : shift + len(depth)], out=loudest)
    return loudest


def _above(depth: Bytes, other: Bytes) -> Any:
    """The difference of two levels in dB, shape (frames,)."""
    return (other.astype("float32") - depth) / STEPS_PER_DB


def _runs(speech: Bytes, frame_seconds: float, rules: DetectSpeechSettings) -> Iterator[tuple[int, int]]:
    """``speech_runs`` of each part between long silences; the result is the same as for the whole."""
    import numpy as np

    frames = np.flatnonzero(speech >= 255 * rules.leave)
    longest_pause = math.ceil(rules.min_silence / frame_seconds)
    parts = np.split(frames, np.flatnonzero(np.diff(frames) > longest_pause + 1) + 1) if len(frames) else []
    for part in parts:
        begin = int(part[0])
        values = speech[begin : int(part[-1]) + 1].astype(np.float32) * np.float32(1 / 255)
        for first, last in speech_runs(values, frame_seconds, rules):
            yield begin + first, begin + last


def _louder(activity: ChannelActivity, active: Sequence[Mask], duration: float) -> list[SpeakerSpan]:
    """One speaker at a time: if several speak, the one who is louder over half a second."""
    import numpy as np

    together = np.stack(active)
    louder = np.full(together.shape[1], len(active), dtype=np.uint8)  # len(active): no speaker
    window = np.ones(SMOOTH_FRAMES, dtype=np.float32) / SMOOTH_FRAMES
    for first in range(0, together.shape[1], PIECE):
        piece = slice(first, first + PIECE)
        powers = 10 ** (-activity.depth[:, piece].astype(np.float32) / (10 * STEPS_PER_DB))
        smooth = np.stack([np.convolve(channel, window)[SMOOTH_FRAMES // 2 :][: len(channel)] for channel in powers])
        loudest = np.where(together[:, piece], smooth, -1).argmax(axis=0)
        louder[piece] = np.where(together[:, piece].any(axis=0), loudest, len(active))
    spans = [
        span
        for channel in range(len(active))
        for span in _spans(_true_runs(louder == channel), channel, activity.frame_seconds, duration)
    ]
    return sorted(spans, key=lambda span: span.start)


def _true_runs(frames: Mask) -> list[tuple[int, int]]:
    """Per run of True, its first frame and the frame after its last."""
    import numpy as np

    edges = np.flatnonzero(np.diff(np.concatenate([[False], frames, [False]]).astype(np.int8)))
    return [(int(first), int(last)) for first, last in zip(edges[::2], edges[1::2], strict=True)]


def _spans(runs: Sequence[tuple[int, int]], channel: int, frame: float, duration: float) -> Iterator[SpeakerSpan]:
    for first, last in runs:
        start, end = round_to_ms(first * frame), round_to_ms(min(last * frame, duration))
        if start < end:
            yield SpeakerSpan(start, end, f"channel {channel}")
