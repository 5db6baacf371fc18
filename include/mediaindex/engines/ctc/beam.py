"""CTC prefix beam search with a language model of words, over any pieces.

The method is Hannun's ("First-Pass Large Vocabulary Continuous Speech Recognition using Bi-Directional Recurrent
DNNs", 2014), as pyctcdecode does it. Written here because pyctcdecode is no longer kept up (numpy below 2), and
flashlight's decoder needs a lexicon: a name that is not in it could never be written.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from .decode import Floats, Ints

_WORTH = -5.0  # log probability below which a piece is not tried in a frame (pyctcdecode's)
_BEHIND = 10.0  # readings so much less probable (log) than the best are given up (pyctcdecode's)
_BOUNDARY = ("▁", " ")


class WordScorer(Protocol):
    """What is asked of a language model; ``ctc_language_model.LanguageModel`` is one."""

    def start(self) -> Any:
        """The state before any word."""
        ...

    def score(self, state: Any, word: str) -> tuple[Any, float]:
        """The state after ``word``, and what the word adds (log)."""
        ...


@dataclass(slots=True)
class _Words:
    """What a reading has written before the word it is at; one object a text, so that equal texts are one."""

    state: Any
    score: float
    next: dict[str, _Words]


@dataclass(slots=True)
class _Reading:
    words: _Words
    partial: str
    token: int  # of the frame before: a repeat of it writes nothing
    heard: float  # log probability of all paths to here
    best: float  # and of the best of them, whose frames are kept:
    frames: tuple[Any, int, int] | None  # (those before, frame, token)

    @property
    def score(self) -> float:
        return self.heard + self.words.score


def best_path(log_probs: Floats, vocabulary: Sequence[str], scorer: WordScorer, beam: int) -> Ints:
    """The class of each frame in the reading that sound and language model together find most probable.

    ``log_probs`` has shape (frames, classes), blank last; ``vocabulary`` the pieces without it; the result has shape
    (frames,) and is what greedy decoding would read as its own ``argmax``.
    """
    blank = len(vocabulary)
    readings = [_Reading(_Words(scorer.start(), 0.0, {}), "", blank, 0.0, 0.0, None)]
    for frame, row in enumerate(log_probs):
        tokens = np.flatnonzero(row >= min(_WORTH, float(row.max())))
        readings = _pruned(_step(readings, frame, row, tokens.tolist(), vocabulary, scorer), beam)
    final = max(readings, key=lambda reading: reading.heard + _finished(reading, scorer).score)
    path: Ints = np.full(len(log_probs), blank, dtype=np.int64)
    node = final.frames
    while node is not None:
        node, frame, token = node
        path[frame] = token
    return path


def _step(
    readings: Sequence[_Reading],
    frame: int,
    row: Floats,
    tokens: Sequence[int],
    vocabulary: Sequence[str],
    scorer: WordScorer,
) -> list[_Reading]:
    """All readings with one frame more; those of the same text that end in the same class become one."""
    blank = len(vocabulary)
    found: dict[tuple[int, str, int], _Reading] = {}
    for token in tokens:
        here = float(row[token])
        for reading in readings:
            words, partial = reading.words, reading.partial
            if token not in {blank, reading.token}:
                words, partial = _written(reading, vocabulary[token], scorer)
            frames = reading.frames if token == blank else (reading.frames, frame, token)
            longer = _Reading(words, partial, token, reading.heard + here, reading.best + here, frames)
            key = (id(words), partial, token)
            other = found.get(key)
            found[key] = longer if other is None else _merged(other, longer)
    return list(found.values())


def _written(reading: _Reading, piece: str, scorer: WordScorer) -> tuple[_Words, str]:
    """Words and the partial one after ``piece``: a piece that begins a word ends the one before."""
    if piece.startswith("<"):  # <unk> writes nothing, and what follows is a new word
        return _finished(reading, scorer), ""
    if piece.startswith(_BOUNDARY):
        return _finished(reading, scorer), piece[1:]
    return reading.words, reading.partial + piece


def _finished(reading: _Reading, scorer: WordScorer) -> _Words:
    """The words of a reading with the one it is at among them."""
    word, words = reading.partial, reading.words
    if not word:
        return words
    following = words.next.get(word)
    if following is None:
        state, score = scorer.score(words.state, word)
        following = words.next[word] = _Words(state, words.score + score, {})
    return following


def _merged(one: _Reading, other: _Reading) -> _Reading:
    better = one if one.best >= other.best else other
    high, low = max(one.heard, other.heard), min(one.heard, other.heard)
    better.heard = high + math.log1p(math.exp(low - high))
    return better


def _pruned(readings: list[_Reading], beam: int) -> list[_Reading]:
    readings.sort(key=lambda reading: -reading.score)
    least = readings[0].score - _BEHIND
    return [reading for reading in readings[:beam] if reading.score >= least]
