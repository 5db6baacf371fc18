"""Turns the activity and speakers of windows into spans of time, one block of frames at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .assignment import NO_SPEAKER, Assignment
from .segmentation import FRAME_MIDDLE, FRAME_STEP, FRAMES

Bits = np.ndarray[Any, np.dtype[np.bool_]]
Floats = np.ndarray[Any, np.dtype[np.floating[Any]]]

# Windows identify a speaker better in the middle than at the edges, hence Hamming weights, as in the weighted
# aggregation of pyannote; with few windows per frame, equal votes would often tie. The windows agree on
# the number of active speakers, which is therefore not weighted.
_WEIGHT = np.hamming(FRAMES).astype(np.float32)


@dataclass(slots=True)
class Runs:
    """Collects the runs of each speaker block by block: (first frame, frame after the last, speaker)."""

    closed: list[tuple[int, int, int]] = field(default_factory=list)
    _open: dict[int, int] = field(default_factory=dict)

    def add(self, first: int, active: Bits) -> None:
        """Add the activity (frames, speakers) of the frames from ``first``; blocks are in order and without gaps."""
        for speaker in np.flatnonzero(active.any(0) | np.isin(np.arange(active.shape[1]), list(self._open))):
            before = speaker in self._open
            edges = np.diff(np.concatenate([[before], active[:, speaker]]).astype(np.int8))
            for frame in np.flatnonzero(edges):
                at = first + int(frame)
                if edges[frame] > 0:
                    self._open[int(speaker)] = at
                else:
                    self.closed.append((self._open.pop(int(speaker)), at, int(speaker)))

    def close(self, end: int) -> list[tuple[int, int, int]]:
        """All runs by start; runs that are still active end at the frame ``end``."""
        self.closed += [(start, end, speaker) for speaker, start in self._open.items() if start < end]
        self._open.clear()
        self.closed.sort()
        return self.closed


def active_speakers(masks: Iterator[Bits], assignment: Assignment, hop: float) -> Iterator[tuple[int, Bits, Bits]]:
    """Blocks of (first frame, active speakers, dominant speaker); both arrays have shape (frames, speakers).

    ``masks``: blocks of windows (windows, FRAMES, local speakers); ``hop``: seconds from window to window.
    """
    window = base = 0
    tail, heads, totals = (np.zeros((FRAMES, width), np.float32) for width in (assignment.number, 1, 1))
    for block in masks:
        frames = _first_frame(window + len(block), hop) - base
        votes, count, total = (_longer(array, frames + FRAMES) for array in (tail, heads, totals))
        for mask in block:
            at = _first_frame(window, hop) - base
            rows = slice(at, at + FRAMES)
            owners = np.where(mask, assignment.owners(window), NO_SPEAKER)
            for speaker in set(np.unique(owners).tolist()) - {NO_SPEAKER}:
                votes[rows, speaker] += _WEIGHT * (owners == speaker).any(1)
            count[rows, 0] += mask.sum(1)
            total[rows, 0] += 1
            window += 1
        yield base, *_decide(votes[:frames], count[:frames, 0] / np.maximum(total[:frames, 0], 1))
        tail, heads, totals = votes[frames:], count[frames:], total[frames:]
        base += frames
    yield base, *_decide(tail, heads[:, 0] / np.maximum(totals[:, 0], 1))


def middle(frame: int) -> float:
    """Seconds from the start of the recording to the middle of a frame."""
    return frame * FRAME_STEP + FRAME_MIDDLE


def _first_frame(window: int, hop: float) -> int:
    return round(window * hop / FRAME_STEP)


def _longer(array: Floats, frames: int) -> Floats:
    return np.concatenate([array, np.zeros((frames - len(array), array.shape[1]), np.float32)])


def _decide(votes: Floats, count: Floats) -> tuple[Bits, Bits]:
    """The speakers with the most votes, as many as are active on average, and the first of them alone."""
    active, first = np.zeros(votes.shape, np.bool_), np.zeros(votes.shape, np.bool_)
    rows, order = np.arange(len(votes)), np.argsort(-votes, axis=1, kind="stable")
    at_once = np.rint(count)
    for rank in range(min(int(at_once.max(initial=0)), votes.shape[1])):
        chosen = order[:, rank]
        active[rows, chosen] = (at_once > rank) & (votes[rows, chosen] > 0)
        if rank == 0:
            first[:] = active
    return active, first
