"""Numbers in running words, by the text2num library (rules, eight languages)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import pairwise

from text_to_num import find_numbers

from mediaindex.stages.protocols import SpokenNumber


class _Token:
    """What the library asks of a word."""

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
    """Stateless; safe in any number of threads."""

    identity: str
    languages: frozenset[str] = frozenset({"da", "de", "en", "es", "fr", "it", "nl", "pt"})

    def numbers(self, words: Sequence[str], language: str, apart: Sequence[bool]) -> list[SpokenNumber]:
        """Every number, small ones too; ``language`` is one of ``languages``."""
        found: list[SpokenNumber] = []
        # Piece by piece: told of a pause, the library still joins what stands around a dash ("nineteen - twenty").
        starts = [i for i, split in enumerate(apart) if split or i == 0]
        for at, end in pairwise([*starts, len(words)]):
            tokens = [_Token(word.lower()) for word in words[at:end]]
            numbers = find_numbers(tokens, language, threshold=0)
            found += [SpokenNumber(at + n.start, at + n.end, n.text, n.is_ordinal) for n in numbers]
        return found


def load() -> SpokenNumbers:
    """The finder; its rules are the library's version."""
    return SpokenNumbers(f"text2num {version('text2num')}")
