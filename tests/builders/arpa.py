"""A small language model for tests: bigrams with absolute discounting, as an ARPA file."""

from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Sequence

DISCOUNT = 0.5


def bigrams(sentences: Sequence[str]) -> str:
    """The text of an ARPA file of order 2; unknown words get the probability that the discount frees."""
    pairs: Counter[tuple[str, str]] = Counter()
    for sentence in sentences:
        words = ["<s>", *sentence.split(), "</s>"]
        pairs.update(itertools.pairwise(words))
    singles: Counter[str] = Counter()
    followers: dict[str, list[str]] = defaultdict(list)
    for (before, after), count in pairs.items():
        singles[after] += count
        followers[before].append(after)
    total = sum(singles.values())
    single = {word: (count - DISCOUNT) / total for word, count in singles.items()}
    backoff = {
        word: DISCOUNT * len(after) / sum(pairs[word, follower] for follower in after)
        for word, after in followers.items()
    }
    unknown = DISCOUNT * len(single) / total
    lines = ["\\data\\", f"ngram 1={len(single) + 2}", f"ngram 2={len(pairs)}", "", "\\1-grams:"]
    lines += [f"{math.log10(unknown):.5f}\t<unk>", f"-99\t<s>\t{math.log10(backoff['<s>']):.5f}"]
    for word, chance in single.items():
        lines.append(f"{math.log10(chance):.5f}\t{word}\t{math.log10(backoff.get(word, 1.0)):.5f}")
    lines += ["", "\\2-grams:"]
    for (before, after), count in pairs.items():
        of_before = sum(pairs[before, follower] for follower in followers[before])
        chance = (count - DISCOUNT) / of_before + backoff[before] * single[after]
        lines.append(f"{math.log10(chance):.5f}\t{before} {after}")
    return "\n".join([*lines, "", "\\end\\", ""])
