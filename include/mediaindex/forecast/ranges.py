"""A figure that is not known exactly: the value to reckon with, and between what it probably lies."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Range:
    """``low`` <= ``value`` <= ``high``, none below zero; ValueError for anything else."""

    low: float
    value: float
    high: float

    def __post_init__(self) -> None:
        if not 0 <= self.low <= self.value <= self.high:
            raise ValueError(f"not a range: {self.low} <= {self.value} <= {self.high}")

    @classmethod
    def around(cls, value: float, low: float, high: float) -> Range:
        """With borders that were measured otherwise than the value, and may lie beyond it."""
        return cls(min(low, value), value, max(high, value))

    @classmethod
    def exactly(cls, value: float) -> Range:
        """What is known."""
        return cls(value, value, value)

    def __add__(self, other: Range) -> Range:
        """Both at their worst at the same time: what makes one too low usually makes the other too low."""
        return Range(self.low + other.low, self.value + other.value, self.high + other.high)

    def __mul__(self, factor: float) -> Range:
        return Range(self.low * factor, self.value * factor, self.high * factor)

    def times(self, other: Range) -> Range:
        """Product of two uncertain figures."""
        return Range(self.low * other.low, self.value * other.value, self.high * other.high)


NOTHING = Range(0.0, 0.0, 0.0)
