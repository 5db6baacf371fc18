"""The transcript of a recording: what was said, by whom and when."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from .span import TimelineError
from .turn import Turn
from .word import Word, check_probability


@dataclass(frozen=True, slots=True)
class Transcript:
    """All turns of a recording in order of start.

    ``start`` and ``end`` bound the recording on the source's clock (seconds); every turn lies inside. ``language`` is
    an ISO 639-1 code, or ``und`` if nothing was said. ``recogniser`` names the model that recognised the words.
    """

    start: float
    end: float
    language: str
    recogniser: str
    turns: tuple[Turn, ...]
    language_confidence: float = 0.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.start) and math.isfinite(self.end) and 0 <= self.start <= self.end):
            raise TimelineError(f"transcript {self.start}-{self.end}: times must be finite, with 0 <= start <= end")
        if not self.language:
            raise TimelineError("transcript: language is empty; use 'und' for undetermined")
        check_probability("transcript", "language_confidence", self.language_confidence)
        for before, after in zip(self.turns, self.turns[1:], strict=False):
            if after.start < before.start:
                raise TimelineError(f"turn at {after.start} follows the turn at {before.start}; sort turns by start")
        if self.turns and (self.turns[0].start < self.start or max(turn.end for turn in self.turns) > self.end):
            raise TimelineError(f"transcript {self.start}-{self.end}: a turn lies outside the recording")

    @property
    def words(self) -> Iterator[Word]:
        """The words of all turns, turn by turn."""
        return (word for turn in self.turns for word in turn.words)

    @property
    def speakers(self) -> tuple[str, ...]:
        """Speaker labels in order of first appearance."""
        return tuple(dict.fromkeys(turn.speaker for turn in self.turns))

    @property
    def confidence(self) -> float | None:
        """Mean P(word is right) over all words; None if there are no words."""
        confidences = [word.confidence for word in self.words]
        return sum(confidences) / len(confidences) if confidences else None
