"""Conversion between positions in the decoded audio and times on the source's own clock.

Decoded audio is one run of samples; the source may start late (container offset), may jump (a stream that was
interrupted) and may wait (a recorder whose sound card counts more samples than its clock has time for). Stages work on
samples and report source time, so that links into the original player are right.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass

from .span import RESOLUTION, Span, TimelineError, round_to_ms


@dataclass(frozen=True, slots=True)
class Anchor:
    """At ``audio`` seconds of decoded audio the source's clock reads ``source`` seconds; from there both run alike."""

    audio: float
    source: float


@dataclass(frozen=True, slots=True)
class Clock:
    """Anchors in order: the first is at audio 0; each later one is a jump of the source's clock, or a wait.

    At a jump, the source's clock has advanced by more than the audio before it. At a wait, it has advanced by less: the
    samples in excess, just before the anchor, all have the anchor's source time.
    """

    anchors: tuple[Anchor, ...] = (Anchor(0.0, 0.0),)

    def __post_init__(self) -> None:
        if not all(math.isfinite(anchor.audio) and math.isfinite(anchor.source) for anchor in self.anchors):
            raise TimelineError("clock: times must be finite numbers of seconds")
        if not self.anchors or self.anchors[0].audio != 0.0 or self.anchors[0].source < 0.0:
            raise TimelineError("clock: the first anchor ties audio 0 to a source time of at least 0")
        for before, after in zip(self.anchors, self.anchors[1:], strict=False):
            if after.audio <= before.audio or after.source < before.source:
                raise TimelineError(f"clock: {after} is not after {before}; the source's clock never runs backward")

    def to_source(self, audio: float) -> float:
        """Source time (s) at a position (s) in the decoded audio."""
        return self._on_side(self._index(audio), audio)

    def to_audio(self, source: float) -> float:
        """Position (s) in the decoded audio at a source time (s); inside a gap, the position where it opens."""
        index = max(0, bisect_right(self.anchors, source, key=lambda a: a.source) - 1)
        anchor = self.anchors[index]
        audio = anchor.audio + max(0.0, source - anchor.source)
        if index + 1 < len(self.anchors):
            audio = min(audio, self.anchors[index + 1].audio)
        return round_to_ms(audio)

    def pieces_to_source(self, span: Span) -> list[Span]:
        """The span of decoded audio in source time, cut at each jump of the clock: a gap holds no audio.

        The pieces are in order and together as long as ``span``, except for waits and for pieces too short for the
        timeline (1 ms), which are left out.
        """
        indices = range(self._index(span.start), self._index(span.end) + 1)
        bounds = (self._between_jumps(index, span) for index in indices)
        return [Span(low, high) for low, high in bounds if low < high]

    def side_to_source(self, span: Span) -> Span:
        """The piece of ``pieces_to_source`` that holds the span's middle, for what cannot be cut, such as a word.

        In a wait, it is as short as the timeline allows.
        """
        low, high = self._between_jumps(self._index(span.middle), span)
        return Span(low, max(high, round_to_ms(low + RESOLUTION)))

    def span_to_audio(self, span: Span) -> Span:
        """The span of source time as positions in the decoded audio."""
        return Span(self.to_audio(span.start), self.to_audio(span.end))

    def _index(self, audio: float) -> int:
        return max(0, bisect_right(self.anchors, audio, key=lambda a: a.audio) - 1)

    def _between_jumps(self, index: int, span: Span) -> tuple[float, float]:
        """Source times of the part of the span between an anchor and the next."""
        low = max(span.start, self.anchors[index].audio)
        high = min([span.end, *(anchor.audio for anchor in self.anchors[index + 1 : index + 2])])
        return self._on_side(index, low), self._on_side(index, high)

    def _on_side(self, index: int, audio: float) -> float:
        """Source time by the anchor of this index; not later than the next anchor, which a wait would pass."""
        anchor = self.anchors[index]
        source = anchor.source + audio - anchor.audio
        return round_to_ms(min([source, *(after.source for after in self.anchors[index + 1 : index + 2])]))
