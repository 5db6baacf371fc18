"""Capital letters for English, from the statistics that the ``truecase`` package ships.

The method is that of Lita et al. (tRuEcasIng, 2003): for each word the spelling that its neighbours make likely. A word
that the statistics do not know is a name if its letters say so.
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

METHOD = 2  # goes into the identity: a new one writes other texts
PSEUDO_COUNT = 5.0  # the package's smoothing: unseen neighbours do not decide
EDGES = '.,!?;:"()[]'
SENTENCE_END = (".", "!", "?")
ENDINGS = ("'s", "'m", "'re", "'ve", "'d", "'ll")  # not n't: the statistics know "don" only as a name


@dataclass
class TruecaseRestorer:
    """Words one by one, so that offsets and times stay what they are."""

    located: LocatedModel

    @property
    def identity(self) -> str:
        """Method and weights; loads nothing."""
        return f"truecase method {METHOD} sha256:{self.located.sha256}"

    def restore(self, text: str) -> str:
        """``text`` with capital letters: same length, same white space, nothing but case changed."""
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
            # A few letters have no capital of their own: "ß" would become two.
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
    """The restorer over ``english.dist`` of PyPI's truecase, opened at first use."""
    return TruecaseRestorer(located)


def _log_shares(counts: Sequence[int], options: int) -> list[float]:
    padded = [*counts, *[0] * (options - len(counts))]
    whole = sum(padded) + PSEUDO_COUNT * options
    return [math.log((count + PSEUDO_COUNT) / whole) for count in padded]
