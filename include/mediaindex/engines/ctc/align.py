"""Scores how well a text fits a range of CTC frames in any spelling, and finds the frames of its words.

A model with subword pieces can write "sherburn" in many ways, such as ``▁sher b ur n`` and ``▁s her bur n``. A lattice
over the letters holds all of them, and the score of a text is that of the best path through its lattice. Many texts are
aligned together, as one flat vector of states that advances frame by frame.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .decode import Floats

Ints = np.ndarray[Any, np.dtype[np.int32]]

BOUNDARY = "▁"
IMPOSSIBLE = np.float32(-1e9)  # finite: the difference of two infinities is NaN


@dataclass(frozen=True, slots=True)
class Lattice:
    """All spellings of one text.

    State k, from 0 to the number of letters, is the blank after k letters; then follows one state per piece.
    ``tokens`` is the class of each state, ``letters`` the position in the text of the last letter written in it, and
    ``before`` the states it may follow, itself included, padded with -1. ``first`` and ``last`` mark the states in
    which a path may begin and end.
    """

    text: str
    tokens: Ints
    letters: Ints
    before: Ints
    first: np.ndarray[Any, np.dtype[np.bool_]]
    last: np.ndarray[Any, np.dtype[np.bool_]]


@dataclass(frozen=True, slots=True)
class Fit:
    """The best path of a text.

    ``score`` is its log probability minus that of the best path of any text, at most 0. ``words`` holds a pair of
    frames per word: the first, and the one after the last.
    """

    score: float
    words: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A text to align with the frames from ``start`` up to, and not including, ``end``."""

    lattice: Lattice
    start: int
    end: int


def pieces_of(vocabulary: Sequence[str]) -> dict[str, int]:
    """The class of each piece that stands for letters."""
    return {piece: index for index, piece in enumerate(vocabulary) if piece and not piece.startswith("<")}


def lattice(words: Sequence[str], pieces: dict[str, int], blank: int) -> Lattice | None:
    """All spellings of ``words`` in a model's pieces; None if a letter is in no piece."""
    text = "".join(BOUNDARY + word for word in words)
    longest = max(map(len, pieces))
    arcs = [
        (start, end, pieces[text[start:end]])
        for start in range(len(text))
        for end in range(start + 1, min(len(text), start + longest) + 1)
        if text[start:end] in pieces
    ]
    alive = _useful(arcs, len(text))
    if not alive:
        return None
    blanks = len(text) + 1
    ends_at: list[list[int]] = [[] for _ in range(blanks)]
    for state, (_, end, _) in enumerate(alive, blanks):
        ends_at[end].append(state)
    before = [[place, *ends_at[place]] for place in range(blanks)]
    # A piece may follow another piece without a blank between them, but not itself.
    for state, (start, _, token) in enumerate(alive, blanks):
        before.append([state, start, *(other for other in ends_at[start] if alive[other - blanks][2] != token)])
    width = max(map(len, before))
    return Lattice(
        text,
        np.array([blank] * blanks + [token for _, _, token in alive], dtype=np.int32),
        np.array([*range(-1, blanks - 1), *(end - 1 for _, end, _ in alive)], dtype=np.int32),
        np.array([row + [-1] * (width - len(row)) for row in before], dtype=np.int32),
        np.array([place == 0 for place in range(blanks)] + [start == 0 for start, _, _ in alive]),
        np.array([place == len(text) for place in range(blanks)] + [end == len(text) for _, end, _ in alive]),
    )


def _useful(arcs: Sequence[tuple[int, int, int]], length: int) -> list[tuple[int, int, int]]:
    """The arcs that lie on a path from the first letter to the last."""
    ahead, behind = {0}, {length}
    for start, end, _ in sorted(arcs):
        if start in ahead:
            ahead.add(end)
    for start, end, _ in sorted(arcs, key=lambda arc: -arc[1]):
        if end in behind:
            behind.add(start)
    return [arc for arc in arcs if arc[0] in ahead and arc[1] in behind]


def fits(log_probs: Floats, candidates: Iterable[Candidate]) -> list[Fit]:
    """The best path of each candidate over its frames; ``log_probs`` has shape (frames, classes), blank last.

    A score near ``IMPOSSIBLE`` means that the frames are too few for the text.
    """
    given = list(candidates)
    if not given:
        return []
    relative = log_probs - log_probs.max(axis=-1, keepdims=True)
    # Longest first: the states of candidates that are still running are then always a prefix of the vector.
    order = sorted(range(len(given)), key=lambda index: given[index].start - given[index].end)
    flat = _Flat([given[index] for index in order])
    results: list[Fit | None] = [None] * len(given)
    for index, fit in zip(order, flat.run(relative), strict=True):
        results[index] = fit
    return [fit for fit in results if fit is not None]


class _Flat:
    """Candidates side by side in one vector of states, the longest first."""

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        self._claims = candidates
        sizes = [len(candidate.lattice.tokens) for candidate in candidates]
        self._offsets = np.concatenate([[0], np.cumsum(sizes)])
        total, width = int(self._offsets[-1]), max(candidate.lattice.before.shape[1] for candidate in candidates)
        self._tokens = np.concatenate([candidate.lattice.tokens for candidate in candidates])
        self._starts = np.repeat([candidate.start for candidate in candidates], sizes)
        self._first = np.concatenate([candidate.lattice.first for candidate in candidates])
        self._before = np.full((total, width), total, dtype=np.int32)  # an extra, impossible state
        for offset, candidate in zip(self._offsets, candidates, strict=False):
            rows, columns = candidate.lattice.before.shape
            moved = np.where(candidate.lattice.before < 0, total, candidate.lattice.before + offset)
            self._before[offset : offset + rows, :columns] = moved

    def run(self, relative: Floats) -> list[Fit]:
        """Viterbi over all candidates; ``relative`` holds log probabilities minus the best one of their frame."""
        total = len(self._tokens)
        lengths = np.array([candidate.end - candidate.start for candidate in self._claims])
        scores = np.full(total + 1, IMPOSSIBLE, dtype=np.float32)
        scores[:total][self._first] = relative[self._starts, self._tokens][self._first]
        chosen: list[Ints] = []
        for step in range(1, int(lengths[0])):
            running = int(self._offsets[np.count_nonzero(lengths > step)])
            reachable = scores[self._before[:running]]
            best = reachable.argmax(axis=1)
            chosen.append(best)
            here = relative[self._starts[:running] + step, self._tokens[:running]]
            scores[:running] = reachable[np.arange(running), best] + here
        return [self._fit(number, scores, chosen) for number in range(len(self._claims))]

    def _fit(self, number: int, scores: Floats, chosen: Sequence[Ints]) -> Fit:
        candidate, offset = self._claims[number], int(self._offsets[number])
        own = np.where(candidate.lattice.last, scores[offset : int(self._offsets[number + 1])], IMPOSSIBLE)
        state = int(own.argmax())
        score = float(own[state])
        if score <= IMPOSSIBLE / 2:
            return Fit(score, ())
        path = [state]
        for step in range(candidate.end - candidate.start - 1, 0, -1):
            state = int(self._before[offset + state, chosen[step - 1][offset + state]]) - offset
            path.append(state)
        return Fit(score, _words(candidate, path[::-1]))


def _words(candidate: Candidate, path: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """The frames of each word of a path, as in greedy decoding: from its first letter to the frame after its last."""
    blanks = len(candidate.lattice.text) + 1
    number = np.cumsum([letter == BOUNDARY for letter in candidate.lattice.text]) - 1
    spans: dict[int, tuple[int, int]] = {}
    for frame, state in enumerate(path, candidate.start):
        letter = int(candidate.lattice.letters[state])
        if state >= blanks and candidate.lattice.text[letter] != BOUNDARY:  # a lone boundary belongs to no word
            word = int(number[letter])
            spans[word] = (spans.get(word, (frame, 0))[0], frame + 1)
    return tuple(spans[word] for word in sorted(spans))
