from __future__ import annotations

from types import SimpleNamespace

import pytest

numpy = pytest.importorskip("numpy", reason="NumPy is in the speech environment only")

from mediaindex.engines.diarization import voices as speaker_voices  # noqa: E402
from mediaindex.engines.diarization.segmentation import FRAME_STEP, FRAMES  # noqa: E402
from mediaindex.engines.diarization.voices import Heard  # noqa: E402


def active(*spans):
    """(local speaker, start, end) in seconds of the window."""
    found = numpy.zeros((FRAMES, 3), bool)
    for speaker, start, end in spans:
        found[round(start / FRAME_STEP) : round(end / FRAME_STEP), speaker] = True
    return found


def lengths(*spans, start=0.0, end=10.0):
    return [round(two - one, 1) for one, two in speaker_voices.pieces(active(*spans), start, end)]


def test_of_long_speech_half_is_listened_to_and_of_short_speech_all_of_it():
    assert lengths((0, 1, 9)) == [4.0]
    assert lengths((0, 1, 3)) == [1.5]
    assert lengths((0, 1, 2)) == [1.0]
    assert lengths((0, 1, 1.1)) == []


def test_overlapped_speech_is_left_out_where_there_is_enough_clean_speech():
    heard = list(speaker_voices.pieces(active((0, 1, 3), (1, 2.5, 5)), 0.0, 10.0))
    assert all(two < 2.6 or one > 2.9 for one, two in heard)
    assert len(heard) == 2


def test_a_speaker_who_is_never_alone_is_heard_all_the_same():
    assert len(lengths((0, 1, 5), (1, 2, 4))) == 3  # before, after, and the one who is never alone


def test_only_the_time_a_window_answers_for_is_listened_to():
    assert lengths((0, 0, 10), start=4.0, end=6.0) == [1.5]
    assert lengths((0, 0, 3), start=4.0, end=6.0) == []


def test_windows_pool_the_frames_of_their_own_speakers():
    trunk = SimpleNamespace(head=SimpleNamespace(embed=lambda frames: frames.mean(0)))
    times = numpy.arange(20.0, 30.0, 0.08)
    frames = numpy.where(times < 25, 1.0, 5.0).astype(numpy.float32)[:, None]
    heard = [Heard(times[:60], frames[:60]), Heard(times[60:], frames[60:])]
    found = list(speaker_voices.voices(trunk, active((0, 0.5, 4.5), (2, 5.5, 9.5)), 20.0, heard))
    assert [(voice.speaker, float(voice.embedding[0])) for voice in found] == [(0, 1.0), (2, 5.0)]
    assert found[0].clean == round(4.5 / FRAME_STEP) - round(0.5 / FRAME_STEP)


def test_a_speaker_without_a_frame_of_the_trunk_has_no_voice():
    trunk = SimpleNamespace(head=SimpleNamespace(embed=lambda frames: frames.mean(0)))
    assert list(speaker_voices.voices(trunk, active((0, 1, 2)), 0.0, [])) == []


def test_each_run_of_a_local_speaker_has_a_voice_beside_that_of_the_whole():
    trunk = SimpleNamespace(head=SimpleNamespace(embed=lambda frames: frames.mean(0)))
    times = numpy.arange(0.0, 10.0, 0.08)
    heard = [Heard(times, numpy.where(times < 5, 0.0, 1.0).astype(numpy.float32)[:, None])]
    found = list(speaker_voices.voices(trunk, active((0, 1, 4), (0, 6, 9), (0, 9.5, 9.8)), 0.0, heard))
    assert [voice.whole for voice in found] == [True, False, False]  # the last run is too short for one of its own
    assert [float(voice.embedding[0]) for voice in found[1:]] == [0.0, 1.0]
    assert (found[2].first, found[2].after) == (round(6 / FRAME_STEP), round(9 / FRAME_STEP))


def runs_of_two(first, second, until):
    """Voices of a local speaker whose frames are ``first`` before the fifth second and ``second`` after it."""
    trunk = SimpleNamespace(head=SimpleNamespace(embed=lambda frames: frames.mean(0)))
    times = numpy.arange(0.0, 10.0, 0.08)
    heard = [Heard(times, numpy.where((times < 5)[:, None], first, second).astype(numpy.float32))]
    return list(speaker_voices.voices(trunk, active((0, 1, 4), (0, 6, until)), 0.0, heard))


def test_a_local_speaker_whose_runs_are_two_people_is_called_mixed():
    assert {voice.mixed for voice in runs_of_two([1, 0], [0, 1], 9)} == {True}


def test_a_local_speaker_whose_runs_are_alike_or_too_short_to_tell_is_not_mixed():
    assert {voice.mixed for voice in runs_of_two([1, 0], [1, 1], 9)} == {False}
    assert {voice.mixed for voice in runs_of_two([1, 0], [0, 1], 6.9)} == {False}
