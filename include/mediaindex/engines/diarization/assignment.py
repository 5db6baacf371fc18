"""Which speaker every voice of a recording belongs to: made from a bounded number of voices, given to all of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from . import clustering as speaker_clustering
from .segmentation import FRAMES, LOCAL_SPEAKERS

if TYPE_CHECKING:
    from .store import Store

Integers = np.ndarray[Any, np.dtype[np.signedinteger[Any]]]

NOBODY = -1
# Published with pyannote/speaker-diarization-3.1: a speaker is heard in at least 12 windows that move by 1 s.
PUBLISHED_HOP, PUBLISHED_CLUSTER_SIZE = 1.0, 12
# A voice heard alone for a fifth of its window makes clusters, as in pyannote's filter_embeddings.
LEAST_SHARE = 0.2
# Voices that make clusters, spread evenly over a long recording: more say nothing new, and their number squared is
# memory. Every voice is then given to the nearest of the speakers found.
TRAINING = 1000
# A run of speech goes to another speaker than its local speaker where it is closer to that one by so much (cosine).
# Segmentation takes two similar people who do not interrupt each other for one, now and then: over 12 made
# conversations this lowered the time given to the wrong speaker from 3.9 % to 0.6 % (runs of 0.5 s and more) and 1.0 %
# (of 1 s and more), alike for margins of 0.05 to 0.20.
MARGIN = 0.15


@dataclass(slots=True)
class Assignment:
    """``windows`` (windows, LOCAL_SPEAKERS): the speaker of each local speaker, of ``number`` speakers, or NOBODY.

    ``runs``, by window: (local speaker, first frame, frame after the last, speaker) where a part of it is another.
    """

    number: int
    windows: Integers
    runs: dict[int, list[tuple[int, int, int, int]]] = field(default_factory=dict)

    def owners(self, window: int) -> Integers:
        """The speaker of each frame of each local speaker of a window, (FRAMES, LOCAL_SPEAKERS)."""
        owners = np.repeat(self.windows[window][None], FRAMES, axis=0)
        for local, first, after, speaker in self.runs.get(window, []):
            owners[first:after, local] = speaker
        return owners


def assign(store: Store, speakers: int | None, *, hop: float, threshold: float) -> Assignment:
    """All voices of a recording given to speakers: to ``speakers`` of them where their number is known."""
    found = Assignment(0, np.full((store.window_count, LOCAL_SPEAKERS), NOBODY, np.int16))
    owners = store.owners
    training, size = _training(owners, hop)
    if len(training) == 0:
        return found
    centroids = speaker_clustering.centroids(store.chosen(training), threshold, size, speakers)
    found.number, first = len(centroids), 0
    for block in store.voices():
        rows = owners[first : first + len(block)]
        _give(found, rows, speaker_clustering.similarity(block, centroids))
        first += len(block)
    return found


def _training(owners: Integers, hop: float) -> tuple[Integers, int]:
    """Numbers of the voices that make clusters, and how many of them make a speaker."""
    whole, mixed = owners[:, 5] == 1, owners[:, 6] == 1
    # Two people in one voice would draw their clusters together: their runs stand in for it.
    heard = np.where(whole, owners[:, 2], owners[:, 4] - owners[:, 3])
    training = np.flatnonzero((whole != mixed) & (heard >= LEAST_SHARE * FRAMES))
    if len(training) == 0:
        training = np.flatnonzero(whole)
    size = PUBLISHED_CLUSTER_SIZE * PUBLISHED_HOP / hop
    if len(training) > TRAINING:
        size *= TRAINING / len(training)
        training = training[np.linspace(0, len(training) - 1, TRAINING).round().astype(int)]
    return training, max(2, round(size))


def _give(found: Assignment, owners: Integers, similarity: Any) -> None:
    """Whole voices to the nearest speaker, runs to another one where that is clear; a whole comes before its runs."""
    best = similarity.argmax(1)
    whole = owners[:, 5] == 1
    found.windows[owners[whole, 0], owners[whole, 1]] = best[whole]
    usual = found.windows[owners[:, 0], owners[:, 1]]
    rows = np.arange(len(owners))
    for row in np.flatnonzero(~whole & (similarity[rows, best] - similarity[rows, usual] >= MARGIN)):
        window, local, _clean, first, after, _whole = (int(number) for number in owners[row, :6])
        found.runs.setdefault(window, []).append((local, first, after, int(best[row])))
