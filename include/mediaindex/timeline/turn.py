"""Who speaks when, and what they say."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from .span import Span, TimelineError
from .word import Word


@dataclass(frozen=True, slots=True)
class SpeakerSpan(Span):
    """A stretch in which one speaker is heard; spans of different speakers may overlap."""

    speaker: str

    def __post_init__(self) -> None:
        Span.__post_init__(self)
        if not self.speaker:
            raise TimelineError(f"{self!r}: needs a speaker label")


@dataclass(frozen=True, slots=True)
class Turn(Span):
    """Words of one speaker in a row; at least one word, in order, all inside the turn."""

    speaker: str
    language: str
    words: tuple[Word, ...]

    def __post_init__(self) -> None:
        Span.__post_init__(self)
        if not self.words:
            raise TimelineError(f"turn {self.start}-{self.end}: a turn has at least one word")
        check_order(self.words)
        if self.words[0].start < self.start or self.words[-1].end > self.end:
            raise TimelineError(f"turn {self.start}-{self.end}: a word lies outside it")

    @property
    def text(self) -> str:
        """The words, joined by spaces."""
        return " ".join(word.text for word in self.words)

    @property
    def confidence(self) -> float:
        """Mean P(word is right) over the words."""
        return sum(word.confidence for word in self.words) / len(self.words)


def check_order(words: Sequence[Word]) -> None:
    """Raise TimelineError unless each word starts no earlier, and ends no earlier, than the one before."""
    for before, after in itertools.pairwise(words):
        if after.start < before.start or after.end < before.end:
            raise TimelineError(f"{after!r} comes before {before!r}: words must be monotonic")
