"""The stage ``detect_speech``: spans of speech, and the level of speech above the background."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mediaindex.contract.results import Speech
from mediaindex.contract.settings import DetectSpeechSettings
from mediaindex.stages.media.levels import frame_levels, snr_db
from mediaindex.timeline import Span, round_to_ms

from .protocols import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mediaindex.stages.media.levels import Mask

    from .audio import Audio
    from .protocols import Samples, SpeechDetector

VERSION = 1
BLOCK = 320.0  # s of audio in memory at a time (20 MB); a whole number of 32 ms frames
FRAMES_AT_ONCE = 65_536
LEAD = 8.0  # s before a block that the detector processes again for context


def detect_speech(audio: Audio, detector: SpeechDetector, settings: DetectSpeechSettings) -> Speech:
    """Spans of speech on the source's clock, in order, without overlap.

    ``speech_seconds`` includes padding; ``mean_probability`` is the mean over the frames of speech, 0.0 without speech.
    """
    import numpy as np

    probabilities, levels = _measure(audio, detector)
    runs = speech_runs(probabilities, detector.frame_seconds, settings)
    speech = np.zeros(len(probabilities), dtype=bool)
    for first, last in runs:
        speech[first:last] = True
    spans = padded(runs, detector.frame_seconds, audio.duration, settings.padding)
    total = sum(span.duration for span in spans)
    return Speech(
        spans=tuple(piece for span in spans for piece in audio.clock.pieces_to_source(span)),
        speech_seconds=round_to_ms(total),
        speech_share=round(min(1.0, total / audio.duration), 4) if audio.duration else 0.0,
        mean_probability=round(float(probabilities[speech].mean()), 4) if speech.any() else 0.0,
        snr_db=snr_db(levels, speech & (probabilities >= settings.enter), _far_from(speech, detector.frame_seconds)),
    )


def speech_runs(probabilities: Samples, frame_seconds: float, settings: DetectSpeechSettings) -> list[tuple[int, int]]:
    """Per run of speech, its first frame and the frame after its last, by two thresholds and two minimum lengths."""
    longest_pause = math.ceil(settings.min_silence / frame_seconds)
    shortest = settings.min_speech / frame_seconds
    runs: list[tuple[int, int]] = []
    begin: int | None = None
    quiet: int | None = None  # the frame at which speech has probably ended
    for index, probability in enumerate(_one_by_one(probabilities)):
        if probability >= settings.enter:
            begin, quiet = (index if begin is None else begin), None
        elif begin is not None and probability < settings.leave:
            quiet = index if quiet is None else quiet
            if index - quiet >= longest_pause:
                runs.append((begin, quiet))
                begin, quiet = None, None
    if begin is not None:
        runs.append((begin, len(probabilities) if quiet is None else quiet))
    return [(first, last) for first, last in runs if last - first >= shortest]


def _one_by_one(values: Samples) -> Iterator[float]:
    """The values as Python floats, converted in blocks: they are faster to compare, but take eight times the memory."""
    for start in range(0, len(values), FRAMES_AT_ONCE):
        yield from values[start : start + FRAMES_AT_ONCE].tolist()


def padded(runs: list[tuple[int, int]], frame_seconds: float, duration: float, padding: float) -> list[Span]:
    """The runs in seconds of audio with ``padding``; runs whose padding would meet are extended to the middle."""
    bounds = [(first * frame_seconds, min(last * frame_seconds, duration)) for first, last in runs]
    spans = []
    for index, (start, end) in enumerate(bounds):
        before = bounds[index - 1][1] if index else 0.0
        after = bounds[index + 1][0] if index + 1 < len(bounds) else duration
        space_before = start - before if index == 0 else (start - before) / 2
        space_after = after - end if index + 1 == len(bounds) else (after - end) / 2
        low = round_to_ms(start - min(padding, space_before))
        high = round_to_ms(end + min(padding, space_after))
        if low < high:
            spans.append(Span(low, high))
    return spans


def _measure(audio: Audio, detector: SpeechDetector) -> tuple[Samples, Samples]:
    """P(speech) and power of every frame, block by block. Memory: one block, and 8 bytes per frame."""
    import numpy as np

    frame = round(detector.frame_seconds * SAMPLE_RATE)
    lead = round(LEAD / detector.frame_seconds) * frame
    empty = np.zeros(0, dtype=np.float32)
    before = empty
    speech, levels = [empty], [empty]
    for block in audio.blocks(BLOCK):
        probabilities = detector.probabilities(np.concatenate([before, block]))
        speech.append(probabilities[len(before) // frame :])
        levels.append(frame_levels(block, frame))
        before = block[-lead:] if len(block) >= lead else empty
    return np.concatenate(speech), np.concatenate(levels)


def _far_from(speech: Mask, frame_seconds: float) -> Mask:
    """Frames at least 0.1 s from speech, because breath and echo at its edges are not background."""
    near = speech.copy()
    for shift in range(1, min(round(0.1 / frame_seconds), len(speech) - 1) + 1):
        near[shift:] |= speech[:-shift]
        near[:-shift] |= speech[shift:]
    return ~near
