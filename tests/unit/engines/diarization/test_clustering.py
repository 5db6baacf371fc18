from __future__ import annotations

import pytest

numpy = pytest.importorskip("numpy", reason="NumPy is in the speech environment only")

from mediaindex.engines.diarization.clustering import centroids, similarity  # noqa: E402


def voices(*counts, spread=0.6, dimension=64, seed=0):
    """``counts`` embeddings of each speaker: orthogonal voices, with noise of ``spread`` times their length."""
    rng = numpy.random.default_rng(seed)
    middles = numpy.repeat(numpy.eye(dimension)[: len(counts)], counts, axis=0)
    noise = rng.normal(0, spread / dimension**0.5, middles.shape)
    return (middles + noise).astype(numpy.float32)


def truth(*counts):
    return numpy.repeat(numpy.arange(len(counts)), counts)


@pytest.mark.parametrize("counts", [(40,), (30, 12), (30, 20, 10), (600, 40)])
def test_speakers_are_found_and_embeddings_assigned_to_them(counts):
    embeddings = voices(*counts)
    speakers = centroids(embeddings, 0.55, 5, None)
    assert len(speakers) == len(counts)
    assigned = similarity(embeddings, speakers).argmax(1)
    assert all(len(set(assigned[truth(*counts) == k])) == 1 for k in range(len(counts)))


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_a_given_number_of_speakers_is_kept(number):
    assert len(centroids(voices(30, 20, 10), 0.55, 5, number)) == number


def test_a_few_stray_voices_make_no_speaker():
    assert len(centroids(voices(40, 30, 3), 0.55, 5, None)) == 2


def test_one_voice_is_one_speaker_even_if_two_are_requested():
    assert len(centroids(voices(1), 0.55, 5, 2)) == 1


def test_the_number_does_not_change_with_the_length_of_the_recording():
    assert len(centroids(voices(12, 12), 0.55, 5, None)) == len(centroids(voices(900, 900), 0.55, 5, None)) == 2
