"""A stretch of time on the source's own clock."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass


class TimelineError(ValueError):
    """A time, an order or a probability that cannot be; raised at construction."""


# Times are kept to the millisecond: finer is noise, and equal floats on both sides of a JSON file make equal artifacts.
DIGITS = 3
RESOLUTION = 0.001  # seconds


def round_to_ms(value: float) -> float:
    """Round to the timeline's resolution (1 ms); never gives -0.0."""
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
            raise TimelineError(f"{self!r}: starts before the clock's zero")
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
        """Seconds that both cover; 0.0 if they do not meet."""
        return max(0.0, min(self.end, other.end) - max(self.start, other.start))

    def clipped(self, within: Span) -> Span | None:
        """The part of this span inside ``within``; None if there is none."""
        start, end = max(self.start, within.start), min(self.end, within.end)
        return Span(start, end) if start < end else None


def merged(spans: Iterable[Span]) -> list[Span]:
    """The time that the spans cover, each moment once: in order, without overlap. Spans that touch become one."""
    found: list[Span] = []
    for span in sorted(spans, key=lambda one: one.start):
        if found and span.start <= found[-1].end:
            found[-1] = Span(found[-1].start, max(found[-1].end, span.end))
        else:
            found.append(Span(span.start, span.end))
    return found
