from __future__ import annotations

import pytest

numpy = pytest.importorskip("numpy", reason="NumPy is in the speech environment only")

from mediaindex.engines.diarization import store as store_module  # noqa: E402
from mediaindex.engines.diarization.segmentation import FRAMES  # noqa: E402
from mediaindex.engines.diarization.voices import Voice  # noqa: E402


def test_windows_and_voices_are_read_as_written(monkeypatch):
    monkeypatch.setattr(store_module, "_ROWS", 4)
    rng = numpy.random.default_rng(0)
    masks = rng.random((7, FRAMES, 3)) < 0.3
    embeddings = rng.normal(size=(10, 16)).astype(numpy.float32)
    with store_module.Store() as store:
        for mask in masks:
            store.add_window(mask)
        for number, embedding in enumerate(embeddings):
            store.add_voice(number // 2, Voice(number % 2, 100 + number, 3, 9, number % 2 == 0, embedding, number == 5))
        assert numpy.array_equal(numpy.concatenate(list(store.masks(3))), masks)
        assert store.owners[5].tolist() == [2, 1, 105, 3, 9, 0, 1]
        assert numpy.array_equal(numpy.concatenate(list(store.voices())), embeddings)
        assert numpy.array_equal(store.chosen(numpy.array([0, 3, 4, 9])), embeddings[[0, 3, 4, 9]])


def test_a_silent_recording_has_no_voices():
    with store_module.Store() as store:
        assert list(store.voices()) == []
        assert store.owners.shape == (0, 7)
