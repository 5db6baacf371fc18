"""Which word stands at a character of a turn's text."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from mediaindex.timeline import Word


class WordPlaces:
    """Characters of the words joined by single spaces, as ``Turn.text`` joins them."""

    def __init__(self, words: Sequence[Word]) -> None:
        self._words = words
        self._begins = [0, *accumulate(len(word.text) + 1 for word in words[:-1])]

    def word_at(self, character: int) -> Word:
        """The word that covers this character; the one before it for a space."""
        return self._words[bisect_right(self._begins, character) - 1]
