"""A stretch of time on the source's own clock."""

from __future__ import annotations

import math
from dataclasses import dataclass


class TimelineError(ValueError):
    """A time, an order or a probability that cannot be; raised at construction."""


# Times are kept to the millisecond: finer is noise, and equal floats on both sides of a JSON file make equal artifacts.
DIGITS = 3


def seconds(value: float) -> float:
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

    def overlap(self, other: Span) -> float:
        """Seconds that both cover; 0.0 where they do not meet."""
        return max(0.0, min(self.end, other.end) - max(self.start, other.start))
