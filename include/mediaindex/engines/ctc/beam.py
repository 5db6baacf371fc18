"""CTC prefix beam search with a word language model, over any pieces.

The method is that of Hannun et al. ("First-Pass Large Vocabulary Continuous Speech Recognition using Bi-Directional
Recurrent DNNs", 2014) as pyctcdecode implements it. It is implemented here because pyctcdecode is no longer maintained
(it requires numpy below 2), and because flashlight's decoder needs a lexicon and cannot write a name outside it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from .decode import Floats, Ints

_LEAST_LOG_PROB = -5.0  # a piece below this log probability is not tried in a frame (value of pyctcdecode)
_BEAM_WIDTH = 10.0  # readings this much less probable (log) than the best are dropped (value of pyctcdecode)
_BOUNDARY = ("▁", " ")


class WordScorer(Protocol):
    """The interface of a language model; ``language_model.LanguageModel`` implements it."""

    def start(self) -> Any:
        """The state before any word."""
        ...

    def score(self, state: Any, word: str) -> tuple[Any, float]:
        """The state after ``word``, and the log score that the word adds."""
        ...


@dataclass(slots=True)
class _Words:
    """The complete words of a reading, without the one in progress; readings of equal words share one object."""

    state: Any
    score: float
    next: dict[str, _Words]


@dataclass(slots=True)
class _Reading:
    words: _Words
    partial: str
    token: int  # of the previous frame: a repeat of it writes nothing
    log_prob: float  # of all paths to here
    best: float  # log probability of the best of these paths, whose frames are kept:
    frames: tuple[Any, int, int] | None  # (previous frames, frame, token)

    @property
    def score(self) -> float:
        return self.log_prob + self.words.score


def best_path(log_probs: Floats, vocabulary: Sequence[str], scorer: WordScorer, beam: int) -> Ints:
    """The class of each frame in the reading that is most probable under acoustic and language model together.

    ``log_probs`` has shape (frames, classes), blank last; ``vocabulary`` holds the pieces without the blank. The result
    has shape (frames,) and takes the place of the ``argmax`` of greedy decoding.
    """
    blank = len(vocabulary)
    readings = [_Reading(_Words(scorer.start(), 0.0, {}), "", blank, 0.0, 0.0, None)]
    for frame, row in enumerate(log_probs):
        tokens = np.flatnonzero(row >= min(_LEAST_LOG_PROB, float(row.max())))
        readings = _pruned(_step(readings, frame, row, tokens.tolist(), vocabulary, scorer), beam)
    final = max(readings, key=lambda reading: reading.log_prob + _finished(reading, scorer).score)
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
    """All readings extended by one frame; readings of the same text that end in the same class are merged."""
    blank = len(vocabulary)
    extended: dict[tuple[int, str, int], _Reading] = {}
    for token in tokens:
        here = float(row[token])
        for reading in readings:
            words, partial = reading.words, reading.partial
            if token not in {blank, reading.token}:
                words, partial = _written(reading, vocabulary[token], scorer)
            frames = reading.frames if token == blank else (reading.frames, frame, token)
            longer = _Reading(words, partial, token, reading.log_prob + here, reading.best + here, frames)
            key = (id(words), partial, token)
            other = extended.get(key)
            extended[key] = longer if other is None else _merged(other, longer)
    return list(extended.values())


def _written(reading: _Reading, piece: str, scorer: WordScorer) -> tuple[_Words, str]:
    """The complete words and the partial one after ``piece``: a piece that begins a word ends the previous word."""
    if piece.startswith("<"):  # <unk> writes nothing and ends the word
        return _finished(reading, scorer), ""
    if piece.startswith(_BOUNDARY):
        return _finished(reading, scorer), piece[1:]
    return reading.words, reading.partial + piece


def _finished(reading: _Reading, scorer: WordScorer) -> _Words:
    """The words of a reading, including the one in progress."""
    word, words = reading.partial, reading.words
    if not word:
        return words
    following = words.next.get(word)
    if following is None:
        state, score = scorer.score(words.state, word)
        following = words.next[word] = _Words(state, words.score + score, {})
    return following


def _merged(left: _Reading, right: _Reading) -> _Reading:
    better = left if left.best >= right.best else right
    high, low = max(left.log_prob, right.log_prob), min(left.log_prob, right.log_prob)
    better.log_prob = high + math.log1p(math.exp(low - high))
    return better


def _pruned(readings: list[_Reading], beam: int) -> list[_Reading]:
    readings.sort(key=lambda reading: -reading.score)
    least = readings[0].score - _BEAM_WIDTH
    return [reading for reading in readings[:beam] if reading.score >= least]
