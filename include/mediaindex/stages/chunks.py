"""Plan chunks for recognition: cut at pauses, of similar length, never longer than the models allow."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from mediaindex.timeline import Span, round_to_ms

from .protocols import SAMPLE_RATE

if TYPE_CHECKING:
    from .audio import Audio


# Finds the best place (s) to cut between two positions (s) of the decoded audio.
FindCut = Callable[[float, float], float]

TARGET = 0.85  # of the longest chunk: the length to aim for, so that a pause on either side can be chosen
AROUND = 0.25  # of an even share: how far to either side a long pause may move the cut
LEAST = 1 / 3  # of the longest chunk: the shortest chunk of a long passage, if its speech has pauses


def plan_chunks(speech: Iterable[Span], max_seconds: float, max_pause: float, find_cut: FindCut) -> list[Span]:
    """Chunks of at most ``max_seconds`` over ``speech`` (spans in order, in seconds of decoded audio).

    A pause longer than ``max_pause`` ends a chunk. A passage without such a pause that is too long is divided evenly,
    each cut moved to the longest pause nearby: filling chunks up would leave a last one of a word or two, and a
    recogniser without context guesses. Speech without any pause is cut at the place that ``find_cut`` returns.
    """
    return [chunk for passage in _passages(speech, max_pause) for chunk in _shared(passage, max_seconds, find_cut)]


def _passages(speech: Iterable[Span], max_pause: float) -> Iterator[list[Span]]:
    passage: list[Span] = []
    for span in speech:
        if passage and span.start - passage[-1].end > max_pause:
            yield passage
            passage = []
        passage.append(span)
    if passage:
        yield passage


def _shared(passage: Sequence[Span], max_seconds: float, find_cut: FindCut) -> Iterator[Span]:
    rest = list(passage)
    while rest[-1].end - rest[0].start > max_seconds:
        first, rest = _split(rest, _place(rest, max_seconds, find_cut))
        yield Span(first[0].start, first[-1].end)
    yield Span(rest[0].start, rest[-1].end)


def _place(spans: Sequence[Span], max_seconds: float, find_cut: FindCut) -> float:
    """The end (s) of the first chunk of a passage that is too long."""
    start, total = spans[0].start, spans[-1].end - spans[0].start
    pieces = math.ceil(total / (max_seconds * TARGET))
    even = total / pieces
    low = max(even * (1 - AROUND), total - (pieces - 1) * max_seconds)
    high = min(even * (1 + AROUND), max_seconds)
    pauses = [(before.end, after.start) for before, after in itertools.pairwise(spans) if before.end < after.start]
    near = [(a, b) for a, b in pauses if start + low <= a <= start + high]
    if near:
        return max(near, key=lambda pause: (pause[1] - pause[0], -abs(pause[0] - start - even)))[0]
    possible = [(a, b) for a, b in pauses if max_seconds * LEAST <= a - start <= max_seconds]
    if possible:
        return min(possible, key=lambda pause: abs(pause[0] - start - even))[0]
    return round_to_ms(find_cut(start + low, start + high))


def _split(spans: Sequence[Span], at: float) -> tuple[list[Span], list[Span]]:
    """The spans before and after ``at``; a span across it is cut there."""
    before = [span if span.end <= at else Span(span.start, at) for span in spans if span.start < at]
    after = [span if span.start >= at else Span(at, span.end) for span in spans if span.end > at]
    return before, after


SMOOTH = 5  # frames that are averaged: a single quiet frame is a plosive, not a pause
FRAME = 0.02  # seconds


def quietest(audio: Audio, start: float, end: float) -> float:
    """Middle (s) of the quietest ``SMOOTH`` frames between two positions (s) of the decoded audio."""
    import numpy as np

    samples = audio.read_span(Span(start, end))
    size = round(FRAME * SAMPLE_RATE)
    frames = samples[: len(samples) // size * size].reshape(-1, size)
    if len(frames) < SMOOTH:
        return end
    # Complete sums only: at the edges a shorter sum would always be quieter.
    energy = np.convolve((frames**2).mean(axis=1), np.ones(SMOOTH), mode="valid")
    return start + (int(energy.argmin()) + SMOOTH / 2) * FRAME
