"""Decides whether an unknown word is a name, from rare words with the same first and last letters.

This is the suffix model of the TnT tagger (Brants, 2000), applied to both ends of the word: the share of names among
rare words with the same affix, where each affix is smoothed by the next shorter one.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

RARE_USES = 10  # most uses of a rare word, as in TnT
LONGEST = 5  # letters
SHORTEST = 3  # letters of a word that can be classified
SMOOTHING = 3.0
PRIOR = "^$"


def affix_logits(words: Iterable[tuple[str, int, bool]]) -> Iterator[tuple[str, float]]:
    """The log odds of "name" per affix, ``abc^`` or ``$xyz``, after the prior.

    ``words``: (lower-case word, number of uses, whether it is a name).
    """
    seen: Counter[str] = Counter()
    names: Counter[str] = Counter()
    for word, uses, name in words:
        if uses <= RARE_USES and can_classify(word):
            affixes = [PRIOR, *_prefixes(word), *_suffixes(word)]
            seen.update(affixes)
            if name:
                names.update(affixes)
    if not 0 < names[PRIOR] < seen[PRIOR]:
        return
    prior = names[PRIOR] / seen[PRIOR]
    shares = {PRIOR: prior}
    for affix in sorted(seen.keys() - {PRIOR}, key=len):  # shorter affixes first: they smooth longer ones
        shorter = affix[:-2] + "^" if affix.endswith("^") else "$" + affix[2:]
        before = shares.get(shorter, prior)
        shares[affix] = (names[affix] + SMOOTHING * before) / (seen[affix] + SMOOTHING)
    # An affix seen once says little more than the shorter one.
    yield from ((affix, _logit(share)) for affix, share in shares.items() if seen[affix] > 1)


def is_name(word: str, logit_of: Callable[[str], float | None]) -> bool:
    """Whether ``word``, in lower case, is more likely a name than not."""
    prior = logit_of(PRIOR)
    if prior is None or not can_classify(word):
        return False
    ends = (_longest(affixes, logit_of, prior) for affixes in (_prefixes(word), _suffixes(word)))
    return sum(ends) - prior > 0


def can_classify(word: str) -> bool:
    """Whether the word is long enough and has only letters."""
    return len(word) >= SHORTEST and word.isalpha()


def _longest(affixes: list[str], logit_of: Callable[[str], float | None], prior: float) -> float:
    return next((logit for affix in reversed(affixes) if (logit := logit_of(affix)) is not None), prior)


def _prefixes(word: str) -> list[str]:
    return [f"{word[:length]}^" for length in range(1, min(LONGEST, len(word)) + 1)]


def _suffixes(word: str) -> list[str]:
    return [f"${word[-length:]}" for length in range(1, min(LONGEST, len(word)) + 1)]


def _logit(share: float) -> float:
    return math.log(share / (1 - share))
