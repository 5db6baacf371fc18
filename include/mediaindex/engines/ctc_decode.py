"""Greedy CTC: from a matrix of log probabilities to words with times and confidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mediaindex.timeline import Word, seconds

_ALPHA = 1 / 3
_BOUNDARY = "▁"  # SentencePiece: this piece begins a word
_UNKNOWN = "<unk>"

Floats = np.ndarray[Any, np.dtype[np.float32]]


@dataclass(slots=True)
class _Open:
    """A word that is being read: first frame, the frame after the last, the least certain frame."""

    text: str
    first: int
    end: int
    confidence: float


def frame_confidence(log_probs: Floats) -> Floats:
    """How certain each frame is, in [0, 1]: Tsallis entropy (alpha 1/3) under NeMo's linear normalisation.

    ``log_probs`` has shape (frames, classes), blank included; gives shape (frames,). 1 for a one-hot frame, 0 for a
    uniform one. NeMo's exponential normalisation orders frames alike but puts nearly all right words below 0.3, which
    nobody would read as P(word is right).
    """
    entropy = np.exp(log_probs * _ALPHA).sum(axis=-1) - 1
    at_uniform = log_probs.shape[-1] ** (1 - _ALPHA) - 1
    return np.clip(1 - entropy / at_uniform, 0.0, 1.0)  # type: ignore[no-any-return]  # numpy is untyped here


def words_of(log_probs: Floats, vocabulary: Sequence[str], frame_seconds: float, duration: float) -> tuple[Word, ...]:
    """Words in a matrix (frames, classes) of a chunk of ``duration`` seconds; the blank is the last class.

    A word starts with the first frame of its first piece and ends after the last frame of its last one. Its
    confidence is that of its least certain frame.
    """
    blank = len(vocabulary)
    best = log_probs.argmax(axis=-1)
    certain = frame_confidence(log_probs)
    words: list[_Open] = []
    begins = True  # the first piece begins a word whatever it is; so does what follows a lone boundary
    previous = blank
    for frame in np.flatnonzero(best != blank):
        token = int(best[frame])
        repeats = token == previous and best[frame - 1] == token
        previous = token
        piece = vocabulary[token]
        if piece == _UNKNOWN:
            begins = True
            continue
        if not repeats:
            begins = begins or piece.startswith((_BOUNDARY, " "))
            text = piece.replace(_BOUNDARY, " ").strip()
            if not text:
                continue
            if begins:
                words.append(_Open("", int(frame), int(frame), 1.0))
            words[-1].text += text
            begins = False
        elif begins:  # the second frame of a lone boundary belongs to no word
            continue
        words[-1].end = int(frame) + 1
        words[-1].confidence = min(words[-1].confidence, float(certain[frame]))
    return tuple(_timed(word, frame_seconds, duration) for word in words)


def _timed(word: _Open, frame_seconds: float, duration: float) -> Word:
    # The last frame may stand for a little more audio than there is.
    end = min(word.end * frame_seconds, duration)
    start = min(word.first * frame_seconds, end - 0.001)
    return Word(seconds(start), seconds(end), word.text, round(word.confidence, 4))
