"""A recognised word."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .span import RESOLUTION, Span, TimelineError, round_to_ms


def check_probability(owner: object, name: str, value: float) -> None:
    """Raise TimelineError if ``value`` is outside [0, 1]."""
    if not 0.0 <= value <= 1.0:
        raise TimelineError(f"{owner!r}: {name} is {value}; a probability must be between 0 and 1")


@dataclass(frozen=True, slots=True)
class Word(Span):
    """A word with its time and ``confidence`` = P(this word is right), in [0, 1]."""

    text: str
    confidence: float
    speaker: str | None = None

    def __post_init__(self) -> None:
        # Not super(): dataclass(slots=True) makes a new class, and zero-argument super() would still see the old one.
        Span.__post_init__(self)
        if not self.text or self.text != self.text.strip() or len(self.text.split()) != 1:
            raise TimelineError(f"{self!r}: the text of a word must be one token without white space")
        check_probability(self, "confidence", self.confidence)

    def moved_to(self, start: float, end: float) -> Word:
        """A copy of the word at other times (s), rounded to the timeline's resolution and at least that long."""
        begin = round_to_ms(start)
        return replace(self, start=begin, end=max(round_to_ms(end), round_to_ms(begin + RESOLUTION)))
