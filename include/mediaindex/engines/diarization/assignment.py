"""Assigns each voice of a recording to a speaker; speakers are clustered from a bounded number of voices."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from . import clustering
from .segmentation import FRAMES, LOCAL_SPEAKERS

if TYPE_CHECKING:
    from .store import Store

Integers = np.ndarray[Any, np.dtype[np.signedinteger[Any]]]

NO_SPEAKER = -1
# Published with pyannote/speaker-diarization-3.1: a speaker has voices in at least 12 windows, 1 s apart.
PUBLISHED_HOP, PUBLISHED_CLUSTER_SIZE = 1.0, 12
# A voice is clustered if it is alone for this share of its window, as in filter_embeddings of pyannote.
LEAST_SHARE = 0.2
# The largest number of clustered voices, spread evenly over a long recording: more do not improve the clusters, and
# memory grows with the square of their number. Every voice is then assigned to the nearest speaker.
TRAINING = 1000
# A run of speech is assigned to another speaker than its local speaker if it is closer to that one by this cosine.
# Segmentation sometimes takes two people with similar voices, who do not interrupt each other, for one: over 12
# constructed conversations this rule reduced the time assigned to the wrong speaker from 3.9 % to 0.6 % (runs of at
# least 0.5 s) and 1.0 % (of at least 1 s), equally for margins of 0.05 to 0.20.
MARGIN = 0.15


@dataclass(slots=True)
class Assignment:
    """The speakers of all windows.

    ``windows`` (windows, LOCAL_SPEAKERS) holds the speaker of each local speaker, from 0 to ``number`` - 1, or
    NO_SPEAKER. ``runs`` holds per window the runs of a local speaker that belong to another speaker: (local speaker,
    first frame, frame after the last, speaker).
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
    """Assign all voices of a recording; ``speakers`` is the number of speakers, or None if it is not known.

    ``hop``: seconds from one window to the next; ``threshold``: cosine distance from which clusters are different
    speakers.
    """
    assignment = Assignment(0, np.full((store.window_count, LOCAL_SPEAKERS), NO_SPEAKER, np.int16))
    owners = store.owners
    training, size = _training(owners, hop)
    if len(training) == 0:
        return assignment
    centroids = clustering.centroids(store.chosen(training), threshold, size, speakers)
    assignment.number, first = len(centroids), 0
    for block in store.voices():
        rows = owners[first : first + len(block)]
        _assign_block(assignment, rows, clustering.similarity(block, centroids))
        first += len(block)
    return assignment


def _training(owners: Integers, hop: float) -> tuple[Integers, int]:
    """The numbers of the voices to cluster, and the least number of them that makes a speaker."""
    whole, mixed = owners[:, 5] == 1, owners[:, 6] == 1
    # A voice of two people would join their clusters; its runs are clustered instead.
    frames = np.where(whole, owners[:, 2], owners[:, 4] - owners[:, 3])
    training = np.flatnonzero((whole != mixed) & (frames >= LEAST_SHARE * FRAMES))
    if len(training) == 0:
        training = np.flatnonzero(whole)
    size = PUBLISHED_CLUSTER_SIZE * PUBLISHED_HOP / hop
    if len(training) > TRAINING:
        size *= TRAINING / len(training)
        training = training[np.linspace(0, len(training) - 1, TRAINING).round().astype(int)]
    return training, max(2, round(size))


def _assign_block(assignment: Assignment, owners: Integers, similarity: Any) -> None:
    """Assign whole voices to the nearest speaker, and runs to another speaker if it is nearer by the margin.

    A whole voice precedes its runs.
    """
    best = similarity.argmax(1)
    whole = owners[:, 5] == 1
    assignment.windows[owners[whole, 0], owners[whole, 1]] = best[whole]
    usual = assignment.windows[owners[:, 0], owners[:, 1]]
    rows = np.arange(len(owners))
    for row in np.flatnonzero(~whole & (similarity[rows, best] - similarity[rows, usual] >= MARGIN)):
        window, local, _clean, first, after, _whole = (int(number) for number in owners[row, :6])
        assignment.runs.setdefault(window, []).append((local, first, after, int(best[row])))
