from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest

numpy = pytest.importorskip("numpy", reason="NumPy is in the speech environment only")
pytest.importorskip("kaldi_native_fbank", reason="kaldi-native-fbank is in the speech environment only")

from mediaindex.engines.diarization.extraction import VoiceExtractor  # noqa: E402
from mediaindex.engines.diarization.segmentation import FRAMES  # noqa: E402
from mediaindex.engines.diarization.store import Store  # noqa: E402
from mediaindex.engines.diarization.windows import stretches  # noqa: E402

HOP = 40_000  # samples


class Trunk:
    """Counts the frames that pass it, and returns ones."""

    head = SimpleNamespace(embed=lambda frames: frames.mean(0))

    def __init__(self):
        self.frames = 0

    def __call__(self, bank):
        self.frames += len(bank)
        return numpy.full((-(-len(bank) // 8), 4), 1.0, numpy.float32)


def always_one(windows):
    """The first local speaker is active in every window with sound."""
    active = numpy.zeros((len(windows), FRAMES, 3), bool)
    active[numpy.abs(windows).max(1) > 0, :, 0] = True
    return active


def extracted(samples, per_stretch):
    """The numbers of the windows with a voice, the trunk, and the most items kept between stretches."""
    segmentation: Any = always_one
    trunk: Any = Trunk()
    most = 0
    with Store() as store, ThreadPoolExecutor(2) as workers:
        extractor = VoiceExtractor(segmentation, trunk, workers, HOP / 16_000, store)
        for stretch in stretches(iter([samples]), HOP, per_stretch):
            extractor.add(stretch)
            if not stretch.last:
                most = max(most, len(extractor._frames) + len(extractor._waiting))
        return store.owners[:, 0].tolist(), trunk, most


def noise(seconds):
    return numpy.random.default_rng(1).normal(0, 0.1, seconds * 16_000).astype(numpy.float32)


@pytest.mark.parametrize("per_stretch", [1, 3, 100])
def test_every_window_has_a_voice_for_any_length_of_stretches(per_stretch):
    windows, _, _ = extracted(noise(41), per_stretch)
    assert windows == list(range(14))


def test_audio_passes_the_trunk_at_most_once():
    _, trunk, _ = extracted(noise(41), 3)
    assert trunk.frames * 0.01 <= 41


def test_silence_does_not_pass_the_trunk():
    windows, trunk, _ = extracted(numpy.zeros(41 * 16_000, numpy.float32), 3)
    assert (windows, trunk.frames) == ([], 0)


def test_memory_does_not_grow_with_the_recording():
    _, _, short = extracted(noise(60), 4)
    _, _, long = extracted(noise(600), 4)
    assert long == short > 0
