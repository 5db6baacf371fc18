"""Frames of a CTC model that never was: which pieces it hears where, and how sure it is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

PIECES = ("<unk>", "▁", *"abcdefghijklmnopqrstuvwxyz'", "▁the", "▁of", "er", "▁sh", "in", "▁b", "an")
BLANK = len(PIECES)
FLOOR = 1e-4  # what is left for a class that nobody mentions


def frame(heard: Mapping[str, float]) -> np.ndarray:
    """Log probabilities of one frame; ``heard`` gives those of a few pieces, "" is the blank."""
    row = np.full(BLANK + 1, FLOOR)
    for piece, probability in heard.items():
        row[PIECES.index(piece) if piece else BLANK] = probability
    return np.log(row / row.sum()).astype(np.float32)


def frames(*pieces: str | Mapping[str, float]) -> np.ndarray:
    """One frame a piece, followed by a blank each; a piece is sure unless it comes with its rivals."""
    rows: list[np.ndarray] = []
    for piece in pieces:
        rows += [frame({piece: 0.98} if isinstance(piece, str) else piece), frame({"": 0.99})]
    return np.array(rows)


def spelled(word: str, unsure: Mapping[int, Mapping[str, float]] | None = None) -> Sequence[str | Mapping[str, float]]:
    """A word letter by letter, with other letters in the running at the places given."""
    letters: list[str | Mapping[str, float]] = ["▁", *word]
    for place, rivals in (unsure or {}).items():
        letters[place + 1] = rivals
    return letters


def log_odds(log_probs: np.ndarray, at: int, one: str, other: str) -> float:
    """log P(one) - log P(other) in a frame."""
    row = log_probs[at]
    return math.log(math.exp(row[PIECES.index(one)]) / math.exp(row[PIECES.index(other)]))
