"""Output frames of an imaginary CTC model: the probabilities of a few pieces per frame."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

PIECES = ("<unk>", "▁", *"abcdefghijklmnopqrstuvwxyz'", "▁the", "▁of", "er", "▁sh", "in", "▁b", "an")
BLANK = len(PIECES)
FLOOR = 1e-4  # for a class that is not mentioned


def frame(probabilities: Mapping[str, float]) -> np.ndarray:
    """Log probabilities of one frame, from the ``probabilities`` of a few pieces; "" is the blank."""
    row = np.full(BLANK + 1, FLOOR)
    for piece, probability in probabilities.items():
        row[PIECES.index(piece) if piece else BLANK] = probability
    log_probs: np.ndarray = np.log(row / row.sum()).astype(np.float32)
    return log_probs


def frames(*pieces: str | Mapping[str, float]) -> np.ndarray:
    """One frame per piece, each followed by a blank; a piece without rivals is certain."""
    rows: list[np.ndarray] = []
    for piece in pieces:
        rows += [frame({piece: 0.98} if isinstance(piece, str) else piece), frame({"": 0.99})]
    return np.array(rows)


def spelled(word: str, unsure: Mapping[int, Mapping[str, float]] | None = None) -> Sequence[str | Mapping[str, float]]:
    """A word letter by letter, with rival letters at the given places."""
    letters: list[str | Mapping[str, float]] = ["▁", *word]
    for place, rivals in (unsure or {}).items():
        letters[place + 1] = rivals
    return letters


def log_odds(log_probs: np.ndarray, at: int, piece: str, rival: str) -> float:
    """log P(piece) - log P(rival) in the frame ``at``."""
    row = log_probs[at]
    return math.log(math.exp(row[PIECES.index(piece)]) / math.exp(row[PIECES.index(rival)]))
