"""Does a word's confidence say how likely it is right? Calibration (ECE) and ranking (AUROC)."""

from __future__ import annotations

from collections.abc import Sequence

BINS = 10


def calibration_error(right: Sequence[float], wrong: Sequence[float]) -> float | None:
    """Expected calibration error: |mean confidence - share right|, over ten bins of equal width, weighed by words.

    Arguments are the confidences in [0, 1] of words that are right, and of those that are wrong; None without words.
    """
    count = len(right) + len(wrong)
    if not count:
        return None
    surplus = [0.0] * BINS  # sum of confidences minus number of right words, a bin
    for confidence in right:
        surplus[_bin(confidence)] += confidence - 1.0
    for confidence in wrong:
        surplus[_bin(confidence)] += confidence
    return sum(map(abs, surplus)) / count


def ranking(right: Sequence[float], wrong: Sequence[float]) -> float | None:
    """AUROC: how often a right word has the higher confidence of a right and a wrong one; ties count half.

    None where every word is right, or every word wrong.
    """
    from scipy.stats import rankdata

    if not right or not wrong:
        return None
    ranks = rankdata([*right, *wrong])[: len(right)].sum()
    return float((ranks - len(right) * (len(right) + 1) / 2) / (len(right) * len(wrong)))


def _bin(confidence: float) -> int:
    return min(int(confidence * BINS), BINS - 1)
