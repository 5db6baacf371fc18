from __future__ import annotations

import pytest

numpy = pytest.importorskip("numpy", reason="NumPy is in the speech environment only")

from mediaindex.engines.diarization.windows import WINDOW, stretches, windows  # noqa: E402

HOP = 40_000


def cut(samples, block, per_stretch):
    numbered = []
    for stretch in stretches((samples[at : at + block] for at in range(0, len(samples), block)), HOP, per_stretch):
        for at in range(0, stretch.count, 3):
            for row, window in enumerate(windows(stretch, HOP, at, 3)):
                numbered.append((stretch.first + at + row, window))
    return numbered


@pytest.mark.parametrize("length", [1, WINDOW - 1, WINDOW, WINDOW + 1, WINDOW + HOP, WINDOW + 7 * HOP + 5])
@pytest.mark.parametrize("block", [9_000, 10_000_000])
@pytest.mark.parametrize("per_stretch", [1, 4])
def test_windows_lie_as_in_pyannote(length, block, per_stretch):
    samples = numpy.arange(1, length + 1, dtype=numpy.float32)
    full = max(0, (length - WINDOW) // HOP + 1)
    expected = full + (length < WINDOW or (length - WINDOW) % HOP > 0)
    numbered = cut(samples, block, per_stretch)
    assert [number for number, _ in numbered] == list(range(expected))
    padded = numpy.concatenate([samples, numpy.zeros(WINDOW, numpy.float32)])
    for number, window in numbered:
        assert numpy.array_equal(window, padded[number * HOP : number * HOP + WINDOW])


def test_only_the_last_stretch_is_last_and_none_is_longer_than_requested():
    samples = numpy.zeros(WINDOW + 9 * HOP, numpy.float32)
    result = list(stretches(iter([samples]), HOP, 4))
    assert [stretch.last for stretch in result] == [False, False, True]
    assert max(len(stretch.samples) for stretch in result) == WINDOW + 3 * HOP


def test_a_recording_without_samples_has_no_windows():
    assert list(stretches(iter([]), HOP, 4)) == []
