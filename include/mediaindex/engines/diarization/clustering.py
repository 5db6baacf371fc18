"""Agglomerative clustering of the voices of many windows into speakers.

As in ``pyannote.audio.pipelines.clustering.AgglomerativeClustering``, small clusters join large ones, and every
embedding is assigned to the nearest centroid. Clusters, however, are compared by the average cosine distance of their
members, not by the distance of their centroids: the centroid of many voices is shorter than that of few, so the best
threshold for centroids changes with the length of the recording. The best threshold for the average does not.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Floats = np.ndarray[Any, np.dtype[np.floating[Any]]]
Integers = np.ndarray[Any, np.dtype[np.signedinteger[Any]]]


def centroids(embeddings: Floats, threshold: float, smallest: int, number: int | None) -> Floats:
    """One unit vector per speaker, shape (speakers, dimension), from embeddings (n, dimension) with n > 0.

    ``threshold``: average cosine distance (0 to 2) from which two clusters are two speakers; ``smallest``: the least
    number of embeddings of a speaker; ``number``: the number of speakers if known (there may be fewer embeddings).
    """
    units = normalised(embeddings)
    clusters = _clusters(units, threshold, smallest, number)
    return normalised(np.stack([units[clusters == k].mean(0) for k in range(clusters.max() + 1)]))


def similarity(embeddings: Floats, speakers: Floats) -> Floats:
    """Cosine of each embedding (n, dimension) to each speaker's unit vector (speakers, dimension): (n, speakers)."""
    cosines: Floats = normalised(embeddings) @ speakers.T
    return cosines


def normalised(vectors: Floats) -> Floats:
    """Vectors (n, dimension) scaled to length 1."""
    lengths: Floats = np.linalg.norm(vectors, axis=1, keepdims=True)
    units: Floats = vectors / np.maximum(lengths, 1e-12)
    return units


def _clusters(units: Floats, threshold: float, smallest: int, number: int | None) -> Integers:
    """The cluster of each unit vector, numbered from 0 without gaps."""
    from scipy.cluster.hierarchy import fcluster, linkage

    if len(units) == 1 or number == 1:
        return np.zeros(len(units), np.int64)
    smallest = min(smallest, max(1, round(0.1 * len(units))))  # few embeddings: the rule of pyannote
    tree = linkage(units, method="average", metric="cosine")
    clusters = fcluster(tree, threshold, criterion="distance") - 1
    if number is not None and len(_large(clusters, smallest)) != number:
        clusters = _cut_to_number(tree, threshold, smallest, min(number, len(units)))
    return _without_small(units, clusters, smallest)


def _cut_to_number(tree: Floats, threshold: float, smallest: int, number: int) -> Integers:
    """The cut of the tree with ``number`` large clusters, or the closest number; of equals, nearest ``threshold``."""
    from scipy.cluster.hierarchy import fcluster

    steps = tree.copy()
    steps[:, 2] = np.arange(len(tree))  # cut by order, as several merges may have the same distance
    best, difference = np.zeros(len(tree) + 1, np.int64), abs(1 - number)
    for step in np.argsort(np.abs(tree[:, 2] - threshold)):
        if tree[step, 3] < smallest:
            continue  # does not change the large clusters
        clusters = fcluster(steps, step, criterion="distance") - 1
        off = abs(len(_large(clusters, smallest)) - number)
        if off < difference:
            best, difference = clusters, off
        if off == 0:
            break
    return best


def _large(clusters: Integers, smallest: int) -> Integers:
    names, counts = np.unique(clusters, return_counts=True)
    return names[counts >= smallest]


def _without_small(units: Floats, clusters: Integers, smallest: int) -> Integers:
    """Join small clusters to the large one with the nearest centroid; without large clusters, join all of them."""
    large = _large(clusters, smallest)
    if len(large) == 0:
        return np.zeros(len(units), np.int64)
    middles = normalised(np.stack([units[clusters == k].mean(0) for k in large]))
    joined = np.searchsorted(large, clusters).astype(np.int64)
    for small in np.setdiff1d(clusters, large):
        members = clusters == small
        joined[members] = similarity(units[members].mean(0, keepdims=True), middles).argmax()
    return joined
