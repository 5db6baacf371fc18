"""Is a word that nobody has seen a name? Its letters say: rare words that begin and end like it are, or are not.

The suffix model of Brants' tagger (TnT, 2000), on both ends of the word: the share of names among rare words with the
same last letters, each length smoothed by the one before.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

RARE_USES = 10  # Brants' bound for the words to learn from
LONGEST = 5  # letters
SHORTEST = 3  # letters of a word that may be judged
SMOOTHING = 3.0
PRIOR = "^$"


def affix_logits(words: Iterable[tuple[str, int, bool]]) -> Iterator[tuple[str, float]]:
    """From (lower-case word, uses, name or not): log odds of "name" by affix, ``abc^`` or ``$xyz``; first the prior."""
    seen: Counter[str] = Counter()
    names: Counter[str] = Counter()
    for word, uses, name in words:
        if uses <= RARE_USES and judged(word):
            affixes = [PRIOR, *_prefixes(word), *_suffixes(word)]
            seen.update(affixes)
            if name:
                names.update(affixes)
    if not 0 < names[PRIOR] < seen[PRIOR]:
        return
    prior = names[PRIOR] / seen[PRIOR]
    shares = {PRIOR: prior}
    for affix in sorted(seen.keys() - {PRIOR}, key=len):  # the shorter one first: it smooths the longer
        shorter = affix[:-2] + "^" if affix.endswith("^") else "$" + affix[2:]
        before = shares.get(shorter, prior)
        shares[affix] = (names[affix] + SMOOTHING * before) / (seen[affix] + SMOOTHING)
    # What was seen once says little more than the shorter affix.
    yield from ((affix, _logit(share)) for affix, share in shares.items() if seen[affix] > 1)


def is_name(word: str, logit_of: Callable[[str], float | None]) -> bool:
    """Whether ``word``, in lower case, is more likely a name than not."""
    prior = logit_of(PRIOR)
    if prior is None or not judged(word):
        return False
    ends = (_longest(affixes, logit_of, prior) for affixes in (_prefixes(word), _suffixes(word)))
    return sum(ends) - prior > 0


def judged(word: str) -> bool:
    """Long enough, and letters only."""
    return len(word) >= SHORTEST and word.isalpha()


def _longest(affixes: list[str], logit_of: Callable[[str], float | None], prior: float) -> float:
    return next((logit for affix in reversed(affixes) if (logit := logit_of(affix)) is not None), prior)


def _prefixes(word: str) -> list[str]:
    return [f"{word[:length]}^" for length in range(1, min(LONGEST, len(word)) + 1)]


def _suffixes(word: str) -> list[str]:
    return [f"${word[-length:]}" for length in range(1, min(LONGEST, len(word)) + 1)]


def _logit(share: float) -> float:
    return math.log(share / (1 - share))
