"""Which token stands at a character of a text."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from .tokens import Token


class WordPlaces:
    """Characters of the tokens joined by single spaces, as ``tokens.written`` joins them."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._begins = [0, *accumulate(len(token.text) + 1 for token in tokens[:-1])]

    def token_at(self, character: int) -> Token:
        """The token that covers this character; the one before it for a space."""
        return self._tokens[bisect_right(self._begins, character) - 1]
