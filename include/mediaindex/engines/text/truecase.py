"""Restores capital letters in English text, with the statistics of the ``truecase`` package.

The method is that of Lita et al. (tRuEcasIng, 2003): each word gets the spelling that is most likely next to its
neighbours. For a word outside the statistics, its letters decide whether it is a name.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from .case_statistics import CaseStatistics, Spellings, case_statistics
from .unseen_words import is_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from mediaindex.models import LocatedModel

METHOD = 2  # part of the identity; increase it if the output changes
PSEUDO_COUNT = 5.0  # smoothing of the package: unseen neighbours do not decide
EDGES = '.,!?;:"()[]'
SENTENCE_END = (".", "!", "?")
ENDINGS = ("'s", "'m", "'re", "'ve", "'d", "'ll")  # not n't: in the statistics, "don" is only a name


@dataclass
class TruecaseRestorer:
    """Restores words one by one, so that offsets and times do not change."""

    located: LocatedModel

    @property
    def identity(self) -> str:
        """Method and weights; loads nothing."""
        return f"truecase method {METHOD} sha256:{self.located.sha256}"

    def restore(self, text: str) -> str:
        """``text`` with capital letters; only case changes, so length and white space stay the same."""
        pieces = text.split(" ")
        cores = [piece.strip(EDGES) for piece in pieces]
        restored: list[str] = []
        begins, previous = True, ""
        for index, (piece, core) in enumerate(zip(pieces, cores, strict=True)):
            cased = core
            if core.islower():
                following = cores[index + 1].lower() if index + 1 < len(cores) else ""
                cased = self._spelling(core, "" if begins else previous, following)
                cased = cased[0].upper() + cased[1:] if begins else cased
            # Some letters have no single capital: "ß" would become two letters.
            cased = cased if len(cased) == len(core) else core
            restored.append(piece.replace(core, cased, 1) if core else piece)
            previous = cased
            begins = piece.endswith(SENTENCE_END) if piece else begins
        return " ".join(restored)

    def _spelling(self, word: str, previous: str, following: str) -> str:
        ending = next((ending for ending in ENDINGS if word.endswith(ending)), "")
        stem = word.removesuffix(ending)
        known = self._statistics.spellings(stem)
        if not known.options:
            return stem.capitalize() + ending if self._is_name(stem) else word
        best = 0
        if len(known.options) > 1:
            scores = self._scores(stem, known, previous, following)
            best = scores.index(max(scores))
        return known.options[best] + ending

    def _scores(self, word: str, known: Spellings, previous: str, following: str) -> list[float]:
        scores = _log_shares(known.counts, len(known.options))
        around = [(previous, ""), ("", following), (previous, following)]
        for before, after in dict.fromkeys(pair for pair in around if any(pair)):
            counts = self._statistics.neighbours(before, word, after)
            scores = [a + b for a, b in zip(scores, _log_shares(counts, len(known.options)), strict=True)]
        return scores

    @cached_property
    def _statistics(self) -> CaseStatistics:
        return case_statistics(self.located)

    @cached_property
    def _is_name(self) -> Callable[[str], bool]:
        return lru_cache(maxsize=20_000)(lambda word: is_name(word, self._statistics.affix_logit))


def load(located: LocatedModel) -> TruecaseRestorer:
    """A restorer with ``english.dist`` of the package truecase, which is opened at first use."""
    return TruecaseRestorer(located)


def _log_shares(counts: Sequence[int], options: int) -> list[float]:
    padded = [*counts, *[0] * (options - len(counts))]
    whole = sum(padded) + PSEUDO_COUNT * options
    return [math.log((count + PSEUDO_COUNT) / whole) for count in padded]
