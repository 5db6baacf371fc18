"""How well a text fits a stretch of CTC frames, however the model might spell it, and where its words lie there.

A model that writes pieces has many ways to write "sherburn" (``▁sher b ur n``, ``▁s her bur n``, …), and which one it
prefers is its own affair: a lattice over the letters holds them all, and the best path through it counts. Many texts
are aligned at once, as one flat vector of states that moves from frame to frame.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .decode import Floats

Ints = np.ndarray[Any, np.dtype[np.int32]]

BOUNDARY = "▁"
NEVER = np.float32(-1e9)  # not minus infinity: a difference of two of those is no number


@dataclass(frozen=True, slots=True)
class Lattice:
    """All spellings of one text. State 0 … letters: the blank after so many letters; then one state a piece.

    ``tokens`` the class of each state, ``letters`` the last letter (position in the text) that is written then,
    ``before`` the states each may follow (itself among them), padded with -1. ``first`` and ``last`` mark where a path
    may begin and end.
    """

    text: str
    tokens: Ints
    letters: Ints
    before: Ints
    first: np.ndarray[Any, np.dtype[np.bool_]]
    last: np.ndarray[Any, np.dtype[np.bool_]]


@dataclass(frozen=True, slots=True)
class Fit:
    """The best path of a text: ``score`` its log probability less that of the best path of any text (at most 0);
    ``words`` a pair of frames (first, after the last) for each of its words."""  # fmt: skip

    score: float
    words: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Claim:
    """A text to be tried on the frames ``start`` up to ``end`` (not included)."""

    lattice: Lattice
    start: int
    end: int


def pieces_of(vocabulary: Sequence[str]) -> dict[str, int]:
    """Class of each piece that stands for letters."""
    return {piece: index for index, piece in enumerate(vocabulary) if piece and not piece.startswith("<")}


def lattice(words: Sequence[str], pieces: dict[str, int], blank: int) -> Lattice | None:
    """All spellings of ``words`` in a model's pieces; None where there is none (a letter it does not know)."""
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
    # A piece may follow a piece without a blank between them, unless it is the same one.
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
    """Arcs on some way from the first letter to the last."""
    ahead, behind = {0}, {length}
    for start, end, _ in sorted(arcs):
        if start in ahead:
            ahead.add(end)
    for start, end, _ in sorted(arcs, key=lambda arc: -arc[1]):
        if end in behind:
            behind.add(start)
    return [arc for arc in arcs if arc[0] in ahead and arc[1] in behind]


def fits(log_probs: Floats, claims: Iterable[Claim]) -> list[Fit]:
    """The best path of each claim over its frames; ``log_probs`` has shape (frames, classes), blank last.

    A score of ``NEVER`` or so: the frames are too few for the text.
    """
    asked = list(claims)
    if not asked:
        return []
    relative = log_probs - log_probs.max(axis=-1, keepdims=True)
    # The longest first: those that are still running are then always the first so many states.
    order = sorted(range(len(asked)), key=lambda index: asked[index].start - asked[index].end)
    flat = _Flat([asked[index] for index in order])
    found: list[Fit | None] = [None] * len(asked)
    for index, fit in zip(order, flat.run(relative), strict=True):
        found[index] = fit
    return [fit for fit in found if fit is not None]


class _Flat:
    """Claims side by side in one vector of states, the longest first."""

    def __init__(self, claims: Sequence[Claim]) -> None:
        self._claims = claims
        sizes = [len(claim.lattice.tokens) for claim in claims]
        self._offsets = np.concatenate([[0], np.cumsum(sizes)])
        total, width = int(self._offsets[-1]), max(claim.lattice.before.shape[1] for claim in claims)
        self._tokens = np.concatenate([claim.lattice.tokens for claim in claims])
        self._starts = np.repeat([claim.start for claim in claims], sizes)
        self._first = np.concatenate([claim.lattice.first for claim in claims])
        self._before = np.full((total, width), total, dtype=np.int32)  # beyond the last state: one that never is
        for offset, claim in zip(self._offsets, claims, strict=False):
            rows, columns = claim.lattice.before.shape
            moved = np.where(claim.lattice.before < 0, total, claim.lattice.before + offset)
            self._before[offset : offset + rows, :columns] = moved

    def run(self, relative: Floats) -> list[Fit]:
        """Viterbi over all claims; ``relative`` are log probabilities less the best of their frame."""
        total = len(self._tokens)
        lengths = np.array([claim.end - claim.start for claim in self._claims])
        scores = np.full(total + 1, NEVER, dtype=np.float32)
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
        claim, offset = self._claims[number], int(self._offsets[number])
        own = np.where(claim.lattice.last, scores[offset : int(self._offsets[number + 1])], NEVER)
        state = int(own.argmax())
        score = float(own[state])
        if score <= NEVER / 2:
            return Fit(score, ())
        path = [state]
        for step in range(claim.end - claim.start - 1, 0, -1):
            state = int(self._before[offset + state, chosen[step - 1][offset + state]]) - offset
            path.append(state)
        return Fit(score, _words(claim, path[::-1]))


def _words(claim: Claim, path: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """Frames of each word of a path, as greedy decoding counts them: from its first letter to after its last."""
    blanks = len(claim.lattice.text) + 1
    number = np.cumsum([letter == BOUNDARY for letter in claim.lattice.text]) - 1
    spans: dict[int, tuple[int, int]] = {}
    for frame, state in enumerate(path, claim.start):
        letter = int(claim.lattice.letters[state])
        if state >= blanks and claim.lattice.text[letter] != BOUNDARY:  # a lone boundary belongs to no word
            word = int(number[letter])
            spans[word] = (spans.get(word, (frame, 0))[0], frame + 1)
    return tuple(spans[word] for word in sorted(spans))
