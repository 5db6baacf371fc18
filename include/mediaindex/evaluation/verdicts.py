"""Which recognised words are right."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import TypeVar

from mediaindex.timeline import Word

from .references import SpokenWord
from .word_errors import Normaliser, equal_pairs

T = TypeVar("T", Word, SpokenWord)


def judged(reference: str, words: Sequence[Word], normalise: Normaliser) -> list[tuple[Word, bool]]:
    """Each word, and whether the alignment finds it in the reference; words that the normaliser drops are left out.

    A word of several tokens ("don't": "do not") is right when all of them are; "twenty five" is where "25" stands.
    """
    # Word by word on both sides, so that each token keeps its word.
    texts = reference.split()
    wanted = [(token, at) for at, text in enumerate(texts) for token in normalise(text).split()]
    found = list(tokens_of(words, normalise))
    pairs = equal_pairs([token for token, _ in wanted], [token for token, _ in found])
    hits = {other for _, other in pairs}
    # A normaliser joins numbers across words: what lies between two matches is read once more as a whole.
    for (start, begin), (stop, end) in pairwise([(-1, -1), *pairs, (len(wanted), len(found))]):
        theirs = dict.fromkeys(at for _, at in wanted[start + 1 : stop])
        ours = {id(word): word.text for _, word in found[begin + 1 : end]}
        if ours and theirs and normalise(" ".join(ours.values())) == normalise(" ".join(texts[at] for at in theirs)):
            hits |= set(range(begin + 1, end))
    verdicts: dict[int, bool] = {}
    by_id = {id(word): word for _, word in found}
    for at, (_, word) in enumerate(found):
        verdicts[id(word)] = verdicts.get(id(word), True) and at in hits
    return [(by_id[key], good) for key, good in verdicts.items()]


def tokens_of(words: Iterable[T], normalise: Normaliser) -> Iterator[tuple[str, T]]:
    """Normalised tokens, each with the word that it comes from."""
    return ((token, word) for word in words for token in normalise(word.text).split())


BINS = 10


def calibration_error(right: Sequence[float], wrong: Sequence[float]) -> float | None:
    """Expected calibration error: |mean confidence - share right|, over ten bins of equal width, weighed by words.

    Arguments are the confidences in [0, 1] of words that are right, and of those that are wrong; None without words.
    """
    import numpy as np

    confidences = np.array([*right, *wrong])
    if not confidences.size:
        return None
    surplus = confidences - (np.arange(confidences.size) < len(right))  # what a word claims beyond being right
    bins = np.minimum((confidences * BINS).astype(int), BINS - 1)
    return float(np.abs(np.bincount(bins, weights=surplus)).sum() / confidences.size)


def ranking(right: Sequence[float], wrong: Sequence[float]) -> float | None:
    """AUROC: how often a right word has the higher confidence of a right and a wrong one; ties count half.

    None where every word is right, or every word wrong.
    """
    from scipy.stats import rankdata

    if not right or not wrong:
        return None
    ranks = rankdata([*right, *wrong])[: len(right)].sum()
    return float((ranks - len(right) * (len(right) + 1) / 2) / (len(right) * len(wrong)))
