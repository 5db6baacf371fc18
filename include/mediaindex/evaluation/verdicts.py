"""Judge which recognised words are right, and how well their confidence predicts it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import TypeVar

from mediaindex.timeline import Word

from .references import SpokenWord
from .word_errors import Normaliser, equal_pairs

T = TypeVar("T", Word, SpokenWord)


def judged(reference: str, words: Sequence[Word], normalise: Normaliser) -> list[tuple[Word, bool]]:
    """Each word, and whether the alignment finds it in the reference; words that the normaliser drops are omitted.

    A word of several tokens ("don't": "do not") is right if all of them are; "twenty five" matches "25".
    """
    # Normalised word by word on both sides, so that each token keeps its word.
    texts = reference.split()
    expected = [(token, at) for at, text in enumerate(texts) for token in normalise(text).split()]
    actual = list(tokens_of(words, normalise))
    pairs = equal_pairs([token for token, _ in expected], [token for token, _ in actual])
    hits = {other for _, other in pairs}
    # A normaliser joins numbers across words, so the words between two matches are compared once more as a whole.
    for (start, begin), (stop, end) in pairwise([(-1, -1), *pairs, (len(expected), len(actual))]):
        wanted = " ".join(texts[at] for at in dict.fromkeys(at for _, at in expected[start + 1 : stop]))
        given = " ".join({id(word): word.text for _, word in actual[begin + 1 : end]}.values())
        if wanted and given and normalise(given) == normalise(wanted):
            hits |= set(range(begin + 1, end))
    verdicts: dict[int, bool] = {}
    by_id = {id(word): word for _, word in actual}
    for at, (_, word) in enumerate(actual):
        verdicts[id(word)] = verdicts.get(id(word), True) and at in hits
    return [(by_id[key], is_right) for key, is_right in verdicts.items()]


def tokens_of(words: Iterable[T], normalise: Normaliser) -> Iterator[tuple[str, T]]:
    """Normalised tokens, each with its word."""
    return ((token, word) for word in words for token in normalise(word.text).split())


BINS = 10


def calibration_error(right: Sequence[float], wrong: Sequence[float]) -> float | None:
    """Expected calibration error: |mean confidence - share right|, over ten bins of equal width, weighted by words.

    Arguments: confidences in [0, 1] of right words and of wrong words. None without words.
    """
    import numpy as np

    confidences = np.array([*right, *wrong])
    if not confidences.size:
        return None
    surplus = confidences - (np.arange(confidences.size) < len(right))  # confidence minus 1 if right, minus 0 if wrong
    bins = np.minimum((confidences * BINS).astype(int), BINS - 1)
    return float(np.abs(np.bincount(bins, weights=surplus)).sum() / confidences.size)


def ranking(right: Sequence[float], wrong: Sequence[float]) -> float | None:
    """AUROC: how often a right word has a higher confidence than a wrong one; ties count half.

    None if all words are right, or all words are wrong.
    """
    from scipy.stats import rankdata

    if not right or not wrong:
        return None
    ranks = rankdata([*right, *wrong])[: len(right)].sum()
    return float((ranks - len(right) * (len(right) + 1) / 2) / (len(right) * len(wrong)))
