"""Tokens: the text of a turn between recognised words and readable text."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from mediaindex.contract.results import TurnText

if TYPE_CHECKING:
    from mediaindex.timeline import Turn


SENTENCE_END = (".", "!", "?", "\u2026")
MARKS = ".,!?;:\u2026"
LETTERS_BETWEEN = 2  # the time between two words, in letters at the speaker's pace


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of text without white space, spoken from ``start`` to ``end`` (s).

    ``place``: index of its first word in the turn. ``letters``: of all words spoken for it, with spaces between them.
    """

    text: str
    place: int
    start: float
    end: float
    letters: int

    @property
    def core(self) -> str:
        """The text without punctuation around it."""
        return self.text.strip(MARKS + "\"'()[]-\u2013\u2014\u201c\u201d\u2018\u2019\u00bf\u00a1")

    @property
    def mark(self) -> str:
        """The punctuation at the end of the text."""
        return self.text[len(self.text.rstrip(MARKS)) :]


def spoken(turn: Turn) -> list[Token]:
    """One token per word of the turn."""
    return [Token(word.text, place, word.start, word.end, len(word.text)) for place, word in enumerate(turn.words)]


def joined(tokens: Sequence[Token], text: str) -> Token:
    """Consecutive tokens joined into one with this text."""
    letters = sum(token.letters for token in tokens) + LETTERS_BETWEEN * (len(tokens) - 1)
    return Token(text, tokens[0].place, tokens[0].start, tokens[-1].end, letters)


def written(tokens: Iterable[Token]) -> TurnText:
    """The tokens as the text of a result."""
    kept = list(tokens)
    return TurnText.joined([token.text for token in kept], [token.place for token in kept])


class WordPlaces:
    """Maps characters of the tokens, joined by spaces, to tokens."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._begins = [0, *accumulate(len(token.text) + 1 for token in tokens[:-1])]

    def token_at(self, character: int) -> Token:
        """The token of this character; for a space, the token before it."""
        return self._tokens[bisect_right(self._begins, character) - 1]
