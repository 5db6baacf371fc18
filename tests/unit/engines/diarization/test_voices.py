from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

numpy = pytest.importorskip("numpy", reason="NumPy is in the speech environment only")

from mediaindex.engines.diarization.segmentation import FRAME_STEP, FRAMES  # noqa: E402
from mediaindex.engines.diarization.voices import TrunkFrames, pieces, window_voices  # noqa: E402

TRUNK: Any = SimpleNamespace(head=SimpleNamespace(embed=lambda frames: frames.mean(0)))  # without its network


def active(*spans):
    """The activity of ``spans``, (local speaker, start, end) in seconds of the window."""
    activity = numpy.zeros((FRAMES, 3), bool)
    for speaker, start, end in spans:
        activity[round(start / FRAME_STEP) : round(end / FRAME_STEP), speaker] = True
    return activity


def lengths(*spans, start=0.0, end=10.0):
    return [round(after - first, 1) for first, after in pieces(active(*spans), start, end)]


def test_half_of_long_speech_and_all_of_short_speech_is_embedded():
    assert lengths((0, 1, 9)) == [4.0]
    assert lengths((0, 1, 3)) == [1.5]
    assert lengths((0, 1, 2)) == [1.0]
    assert lengths((0, 1, 1.1)) == []


def test_overlapped_speech_is_left_out_if_there_is_enough_clean_speech():
    spans = list(pieces(active((0, 1, 3), (1, 2.5, 5)), 0.0, 10.0))
    assert all(end < 2.6 or start > 2.9 for start, end in spans)
    assert len(spans) == 2


def test_a_speaker_who_is_never_alone_has_a_piece():
    assert len(lengths((0, 1, 5), (1, 2, 4))) == 3  # before, after, and the one who is never alone


def test_pieces_lie_between_start_and_end():
    assert lengths((0, 0, 10), start=4.0, end=6.0) == [1.5]
    assert lengths((0, 0, 3), start=4.0, end=6.0) == []


def test_windows_pool_the_frames_of_their_own_speakers():
    times = numpy.arange(20.0, 30.0, 0.08)
    frames = numpy.where(times < 25, 1.0, 5.0).astype(numpy.float32)[:, None]
    frames_of_pieces = [TrunkFrames(times[:60], frames[:60]), TrunkFrames(times[60:], frames[60:])]
    voices = list(window_voices(TRUNK, active((0, 0.5, 4.5), (2, 5.5, 9.5)), 20.0, frames_of_pieces))
    assert [(voice.speaker, float(voice.embedding[0])) for voice in voices] == [(0, 1.0), (2, 5.0)]
    assert voices[0].clean == round(4.5 / FRAME_STEP) - round(0.5 / FRAME_STEP)


def test_a_speaker_without_frames_of_the_trunk_has_no_voice():
    assert list(window_voices(TRUNK, active((0, 1, 2)), 0.0, [])) == []


def test_each_run_of_a_local_speaker_has_a_voice_besides_the_whole():
    times = numpy.arange(0.0, 10.0, 0.08)
    frames_of_pieces = [TrunkFrames(times, numpy.where(times < 5, 0.0, 1.0).astype(numpy.float32)[:, None])]
    voices = list(window_voices(TRUNK, active((0, 1, 4), (0, 6, 9), (0, 9.5, 9.8)), 0.0, frames_of_pieces))
    assert [voice.whole for voice in voices] == [True, False, False]  # the last run is too short for a voice
    assert [float(voice.embedding[0]) for voice in voices[1:]] == [0.0, 1.0]
    assert (voices[2].first, voices[2].after) == (round(6 / FRAME_STEP), round(9 / FRAME_STEP))


def runs_of_two(first, second, until):
    """Voices of a local speaker with frames ``first`` before and ``second`` after the fifth second."""
    times = numpy.arange(0.0, 10.0, 0.08)
    frames_of_pieces = [TrunkFrames(times, numpy.where((times < 5)[:, None], first, second).astype(numpy.float32))]
    return list(window_voices(TRUNK, active((0, 1, 4), (0, 6, until)), 0.0, frames_of_pieces))


def test_a_local_speaker_with_runs_of_two_people_is_mixed():
    assert {voice.mixed for voice in runs_of_two([1, 0], [0, 1], 9)} == {True}


def test_a_local_speaker_with_similar_or_short_runs_is_not_mixed():
    assert {voice.mixed for voice in runs_of_two([1, 0], [1, 1], 9)} == {False}
    assert {voice.mixed for voice in runs_of_two([1, 0], [0, 1], 6.9)} == {False}
