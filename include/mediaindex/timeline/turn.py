"""Speaker spans and turns: who speaks when, and with which words."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from .scripts import joined
from .span import Span, TimelineError
from .word import Word


@dataclass(frozen=True, slots=True)
class SpeakerSpan(Span):
    """Time in which one speaker talks; spans of different speakers may overlap."""

    speaker: str

    def __post_init__(self) -> None:
        Span.__post_init__(self)
        if not self.speaker:
            raise TimelineError(f"{self!r}: the speaker label is empty")


@dataclass(frozen=True, slots=True)
class Turn(Span):
    """Consecutive words of one speaker: at least one, in order, all inside the turn."""

    speaker: str
    language: str
    words: tuple[Word, ...]

    def __post_init__(self) -> None:
        Span.__post_init__(self)
        if not self.words:
            raise TimelineError(f"turn {self.start}-{self.end}: a turn must have at least one word")
        check_order(self.words)
        if self.words[0].start < self.start or self.words[-1].end > self.end:
            raise TimelineError(f"turn {self.start}-{self.end}: a word lies outside it")

    @property
    def text(self) -> str:
        """The words, joined as their script is written."""
        return joined(word.text for word in self.words)

    @property
    def confidence(self) -> float:
        """Mean P(word is right) over the words of the turn."""
        return sum(word.confidence for word in self.words) / len(self.words)


def check_order(words: Sequence[Word]) -> None:
    """Raise TimelineError if a word starts or ends before the previous one does."""
    for before, after in itertools.pairwise(words):
        if after.start < before.start or after.end < before.end:
            raise TimelineError(f"{after!r} follows {before!r}; the starts and ends of words must be monotonic")
