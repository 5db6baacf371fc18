from __future__ import annotations

import pytest

numpy = pytest.importorskip("numpy", reason="NumPy is in the speech environment only")

from mediaindex.engines.diarization.windows import WINDOW, stretches, windows  # noqa: E402

HOP = 40_000


def cut(samples, block, per_stretch):
    found = []
    for stretch in stretches((samples[at : at + block] for at in range(0, len(samples), block)), HOP, per_stretch):
        for at in range(0, stretch.count, 3):
            for row, window in enumerate(windows(stretch, HOP, at, 3)):
                found.append((stretch.first + at + row, window))
    return found


@pytest.mark.parametrize("length", [1, WINDOW - 1, WINDOW, WINDOW + 1, WINDOW + HOP, WINDOW + 7 * HOP + 5])
@pytest.mark.parametrize("block", [9_000, 10_000_000])
@pytest.mark.parametrize("per_stretch", [1, 4])
def test_windows_lie_where_pyannote_puts_them(length, block, per_stretch):
    samples = numpy.arange(1, length + 1, dtype=numpy.float32)
    full = max(0, (length - WINDOW) // HOP + 1)
    expected = full + (length < WINDOW or (length - WINDOW) % HOP > 0)
    found = cut(samples, block, per_stretch)
    assert [number for number, _ in found] == list(range(expected))
    padded = numpy.concatenate([samples, numpy.zeros(WINDOW, numpy.float32)])
    for number, window in found:
        assert numpy.array_equal(window, padded[number * HOP : number * HOP + WINDOW])


def test_only_the_last_stretch_is_the_last_and_none_is_longer_than_asked():
    samples = numpy.zeros(WINDOW + 9 * HOP, numpy.float32)
    found = list(stretches(iter([samples]), HOP, 4))
    assert [one.last for one in found] == [False, False, True]
    assert max(len(one.samples) for one in found) == WINDOW + 3 * HOP


def test_a_recording_without_samples_has_no_windows():
    assert list(stretches(iter([]), HOP, 4)) == []
