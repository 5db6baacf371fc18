"""Spans of time on the source's own clock."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass


class TimelineError(ValueError):
    """A time, order or probability is impossible; raised at construction."""


# Times are kept to the millisecond: anything finer is noise, and rounded floats survive JSON, so artifacts stay equal.
DIGITS = 3
RESOLUTION = 0.001  # seconds


def round_to_ms(value: float) -> float:
    """Round to the timeline's resolution (1 ms); never returns -0.0."""
    return round(float(value), DIGITS) + 0.0


@dataclass(frozen=True, slots=True)
class Span:
    """From ``start`` to ``end``, seconds on the source's clock; 0 <= start < end, both finite."""

    start: float
    end: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.start) and math.isfinite(self.end)):
            raise TimelineError(f"{self!r}: times must be finite numbers of seconds")
        if self.start < 0:
            raise TimelineError(f"{self!r}: starts before 0, the earliest time")
        if not self.start < self.end:
            raise TimelineError(f"{self!r}: must start before it ends")

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.end - self.start

    @property
    def middle(self) -> float:
        """The time halfway between start and end."""
        return (self.start + self.end) / 2

    def overlap(self, other: Span) -> float:
        """Seconds that both spans cover; 0.0 if they do not meet."""
        return max(0.0, min(self.end, other.end) - max(self.start, other.start))

    def clipped(self, within: Span) -> Span | None:
        """The part of this span inside ``within``; None if they do not overlap."""
        start, end = max(self.start, within.start), min(self.end, within.end)
        return Span(start, end) if start < end else None


def merged(spans: Iterable[Span]) -> list[Span]:
    """The union of the spans: in order, without overlap. Spans that touch become one."""
    union: list[Span] = []
    for span in sorted(spans, key=lambda span: span.start):
        if union and span.start <= union[-1].end:
            union[-1] = Span(union[-1].start, max(union[-1].end, span.end))
        else:
            union.append(Span(span.start, span.end))
    return union
