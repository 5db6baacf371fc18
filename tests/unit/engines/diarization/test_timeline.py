from __future__ import annotations

from itertools import pairwise

import pytest

numpy = pytest.importorskip("numpy", reason="NumPy is in the speech environment only")

from mediaindex.engines.diarization.assignment import NO_SPEAKER, Assignment  # noqa: E402
from mediaindex.engines.diarization.segmentation import FRAME_STEP, FRAMES  # noqa: E402
from mediaindex.engines.diarization.timeline import Runs, active_speakers, middle  # noqa: E402

HOP = 2.5
WINDOWS = 9


def windows(*spans):
    """The activity in each window, from (speaker, start, end) in seconds; local speakers have global numbers."""
    activity = numpy.zeros((WINDOWS, FRAMES, 3), bool)
    for number in range(WINDOWS):
        times = number * HOP + FRAME_STEP * numpy.arange(FRAMES)
        for speaker, start, end in spans:
            activity[number, (times >= start) & (times < end), speaker] = True
    return activity


def spans(masks, speakers, number, per_block=4, runs=None):
    overlapping, exclusive, end = Runs(), Runs(), 0
    blocks = (masks[at : at + per_block] for at in range(0, len(masks), per_block))
    for frame, active, dominant in active_speakers(blocks, Assignment(number, speakers, runs or {}), HOP):
        assert frame == end  # without gaps
        overlapping.add(frame, active)
        exclusive.add(frame, dominant)
        end = frame + len(active)
    return [
        [(round(middle(start), 1), round(middle(after), 1), speaker) for start, after, speaker in runs.close(end)]
        for runs in (overlapping, exclusive)
    ]


def same(number=3):
    return numpy.tile(numpy.arange(number), (WINDOWS, 1))


@pytest.mark.parametrize("per_block", [1, 2, 4, 100])
def test_spans_are_the_same_for_any_size_of_blocks(per_block):
    overlapping, exclusive = spans(windows((0, 1, 14), (1, 16, 25)), same(), 3, per_block)
    assert overlapping == exclusive == [(1.0, 14.0, 0), (16.0, 25.0, 1)]


def test_overlap_is_kept_and_one_speaker_dominates():
    overlapping, exclusive = spans(windows((0, 5, 15), (1, 12, 20)), same(), 3)
    assert overlapping == [(5.0, 15.0, 0), (12.0, 20.0, 1)]
    assert sum(end - start for start, end, _ in exclusive) == pytest.approx(15.0, abs=0.1)
    assert all(before[1] <= after[0] for before, after in pairwise(exclusive))


def test_two_local_speakers_of_one_person_are_one_speaker():
    overlapping, _ = spans(windows((0, 5, 10), (1, 10, 15)), numpy.zeros((WINDOWS, 3), int), 1)
    assert overlapping == [(5.0, 15.0, 0)]


def test_a_local_speaker_without_a_speaker_has_no_spans():
    assert spans(windows((0, 5, 10)), numpy.full((WINDOWS, 3), NO_SPEAKER), 1) == [[], []]


def test_the_majority_of_windows_decides():
    masks, speakers = windows((0, 10, 12)), same()
    speakers[1, 0] = 2  # one of the four windows around it has another speaker
    assert [speaker for *_, speaker in spans(masks, speakers, 3)[0]] == [0]


def test_speech_to_the_end_is_closed_there():
    overlapping, _ = spans(windows((0, 20, 99)), same(), 3)
    assert len(overlapping) == 1
    assert overlapping[0][1] == pytest.approx((WINDOWS - 1) * HOP + 10, abs=0.1)


def test_a_run_of_another_speaker_has_that_speaker():
    masks = windows((0, 5, 8), (0, 9, 12))
    runs = {}
    for number in range(WINDOWS):
        first, after = (round((at - number * HOP) / FRAME_STEP) for at in (8.5, 12.5))
        if after > 0:
            runs[number] = [(0, max(0, first), after, 1)]
    overlapping, _ = spans(masks, same(), 2, runs=runs)
    assert overlapping == [(5.0, 8.0, 0), (9.0, 12.0, 1)]
