"""Does a word's confidence say how likely it is right? Calibration (ECE) and ranking (AUROC)."""

from __future__ import annotations

from collections.abc import Sequence

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
