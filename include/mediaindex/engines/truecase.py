"""Capital letters for English, from the statistics that the ``truecase`` package ships.

The method is that of Lita et al. (tRuEcasIng, 2003): for each word the spelling that its neighbours make likely. The
statistics are a pickle; it is read here without the package (which needs NLTK and would run whatever the pickle
says) by an unpickler that can make nothing but dictionaries, sets and counters.
"""

from __future__ import annotations

import math
import pickle
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

PSEUDO_COUNT = 5.0  # the package's smoothing: unseen neighbours do not decide
# A spelling that makes up less than this share of a word's uses is a typing error or a headline.
RARE = 0.01
EDGES = '.,!?;:"()[]'
SENTENCE_END = (".", "!", "?")
ENDINGS = ("'s", "'m", "'re", "'ve", "'d", "'ll")  # not n't: the statistics know "don" only as a name


class _PlainUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        allowed = {("nltk.probability", "FreqDist"): Counter, ("builtins", "set"): set}
        if (module, name) not in allowed:
            raise pickle.UnpicklingError(f"case statistics may not contain {module}.{name}")
        return allowed[module, name]


@dataclass(frozen=True)
class _Statistics:
    words: Counter[str]
    before: Counter[str]  # "previous_word"
    after: Counter[str]  # "word_next", next in lower case
    around: Counter[str]  # "previous_word_next"
    spellings: dict[str, tuple[str, ...]]  # by lower case, most frequent first


@dataclass
class TruecaseRestorer:
    """Words one by one, so that offsets and times stay what they are."""

    path: Path
    identity: str

    def restore(self, text: str) -> str:
        """``text`` with capital letters: same length, same white space, nothing but case changed."""
        pieces = text.split(" ")
        restored: list[str] = []
        begins = True
        for index, piece in enumerate(pieces):
            core, written = piece.strip(EDGES), piece
            if core.islower():
                following = pieces[index + 1].strip(EDGES).lower() if index + 1 < len(pieces) else None
                previous = restored[-1].strip(EDGES) if restored else None
                cased = self._spelling(core, None if begins else previous, following)
                cased = cased[0].upper() + cased[1:] if begins else cased
                # A few letters have no capital of their own: "ß" would become two.
                written = piece.replace(core, cased, 1) if len(cased) == len(core) else piece
            restored.append(written)
            begins = piece.endswith(SENTENCE_END) if piece else begins
        return " ".join(restored)

    def _spelling(self, word: str, previous: str | None, following: str | None) -> str:
        ending = next((ending for ending in ENDINGS if word.endswith(ending)), "")
        stem = word.removesuffix(ending)
        options = self._statistics.spellings.get(stem)
        if not options:
            return word
        best = options[0]
        if len(options) > 1:
            best = max(options, key=lambda option: self._score(option, options, previous, following))
        return best + ending

    def _score(self, option: str, options: tuple[str, ...], previous: str | None, following: str | None) -> float:
        counts = self._statistics
        score = _log_share(counts.words, option, options)
        if previous is not None:
            score += _log_share(counts.before, option, options, before=f"{previous}_")
        if following is not None:
            score += _log_share(counts.after, option, options, after=f"_{following}")
        if previous is not None and following is not None:
            score += _log_share(counts.around, option, options, before=f"{previous}_", after=f"_{following}")
        return score

    @cached_property
    def _statistics(self) -> _Statistics:
        with self.path.open("rb") as file:
            data = _PlainUnpickler(file).load()
        words = data["uni_dist"]
        spellings = {lower: _usual(found, words) for lower, found in data["word_casing_lookup"].items()}
        return _Statistics(words, data["backward_bi_dist"], data["forward_bi_dist"], data["trigram_dist"], spellings)


def load(path: Path, *, identity: str) -> TruecaseRestorer:
    """The restorer over ``english.dist`` of PyPI's truecase; read (1 s, 450 MB) at first use."""
    return TruecaseRestorer(path, identity)


def _usual(found: set[str], words: Counter[str]) -> tuple[str, ...]:
    """Spellings in use, most frequent first; capitals throughout are headlines unless nothing else is found."""
    total = sum(words[option] for option in found)
    ordered = sorted(found, key=lambda option: (-words[option], option))
    usual = [option for option in ordered if words[option] >= RARE * total]
    plain = [option for option in usual if len(option) == 1 or not option.isupper()]
    return tuple(plain or usual or ordered[:1])


def _log_share(counts: Counter[str], option: str, options: tuple[str, ...], before: str = "", after: str = "") -> float:
    of_all = sum(counts[f"{before}{other}{after}"] + PSEUDO_COUNT for other in options)
    return math.log((counts[f"{before}{option}{after}"] + PSEUDO_COUNT) / of_all)
