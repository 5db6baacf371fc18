"""Spoken numbers in running words, by the rules of the text2num library for eight languages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import pairwise

from text_to_num import find_numbers

from mediaindex.stages.protocols import SpokenNumber


class _Token:
    """The interface that the library expects of a word."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def text(self) -> str:
        return self._text

    def nt_separated(self, previous: _Token) -> bool:
        del previous
        return False

    def not_a_number_part(self) -> bool:
        return False


@dataclass
class SpokenNumbers:
    """A finder of spoken numbers; stateless, and safe to use from several threads."""

    identity: str
    languages: frozenset[str] = frozenset({"da", "de", "en", "es", "fr", "it", "nl", "pt"})

    def numbers(self, words: Sequence[str], language: str, apart: Sequence[bool]) -> list[SpokenNumber]:
        """All numbers, including small ones; ``language`` is one of ``languages``.

        ``apart``: which words are preceded by a pause; a number does not extend across one.
        """
        result: list[SpokenNumber] = []
        # Piece by piece: even if it knows of a pause, the library joins words around a dash ("nineteen - twenty").
        starts = [i for i, split in enumerate(apart) if split or i == 0]
        for at, end in pairwise([*starts, len(words)]):
            tokens = [_Token(word.lower()) for word in words[at:end]]
            numbers = find_numbers(tokens, language, threshold=0)
            result += [SpokenNumber(at + n.start, at + n.end, n.text, n.is_ordinal) for n in numbers]
        return result


def load() -> SpokenNumbers:
    """The finder; its identity is the version of the library."""
    return SpokenNumbers(f"text2num {version('text2num')}")
