"""An uncertain figure: its expected value and its probable range."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Range:
    """0 <= ``low`` <= ``value`` <= ``high``. Raises ValueError otherwise."""

    low: float
    value: float
    high: float

    def __post_init__(self) -> None:
        if not 0 <= self.low <= self.value <= self.high:
            raise ValueError(f"not a range: {self.low} <= {self.value} <= {self.high}")

    @classmethod
    def around(cls, value: float, low: float, high: float) -> Range:
        """A range with limits that were measured differently from the value and may exclude it."""
        return cls(min(low, value), value, max(high, value))

    @classmethod
    def exactly(cls, value: float) -> Range:
        """A value that is known."""
        return cls(value, value, value)

    def __add__(self, other: Range) -> Range:
        """Add both limits, because the errors of figures are usually correlated."""
        return Range(self.low + other.low, self.value + other.value, self.high + other.high)

    def __mul__(self, factor: float) -> Range:
        return Range(self.low * factor, self.value * factor, self.high * factor)

    def times(self, other: Range) -> Range:
        """Product of two uncertain figures."""
        return Range(self.low * other.low, self.value * other.value, self.high * other.high)


NOTHING = Range(0.0, 0.0, 0.0)
