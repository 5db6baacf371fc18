from __future__ import annotations

import pytest

numpy = pytest.importorskip("numpy", reason="NumPy is in the speech environment only")

from mediaindex.engines.diarization import assignment as speaker_assignment  # noqa: E402
from mediaindex.engines.diarization.assignment import NOBODY, assign  # noqa: E402
from mediaindex.engines.diarization.segmentation import FRAMES  # noqa: E402
from mediaindex.engines.diarization.store import Store  # noqa: E402
from mediaindex.engines.diarization.voices import Voice  # noqa: E402

ANNE, BOB = numpy.eye(8, dtype=numpy.float32)[:2]


def voice(embedding, local=0, clean=300, span=None, mixed=False):
    first, after = span or (0, FRAMES)
    return Voice(local, clean, first, after, span is None, embedding, mixed)


def assigned(windows, speakers=None):
    with Store() as store:
        for number, voices in enumerate(windows):
            store.add_window(numpy.ones((FRAMES, 3), bool))
            for one in voices:
                store.add_voice(number, one)
        return assign(store, speakers, hop=2.5, threshold=0.55)


def test_voices_go_to_their_speaker_and_local_speakers_without_a_voice_to_nobody():
    found = assigned([[voice(ANNE)], [voice(BOB, local=2)]] * 8)
    assert found.number == 2
    assert found.windows[0].tolist() == found.windows[2].tolist()
    assert found.windows[0][1] == NOBODY
    assert found.windows[0][0] != found.windows[1][2]


def test_a_voice_heard_too_briefly_makes_no_speaker_but_belongs_to_one():
    brief = voice(0.9 * BOB + 0.1 * ANNE, local=1, clean=20)
    found = assigned([[voice(ANNE), brief]] * 8)
    assert (found.number, found.windows[0].tolist()) == (1, [0, 0, NOBODY])


def test_a_run_goes_elsewhere_where_it_is_clearly_another_speaker():
    two = [voice(ANNE + 0.8 * BOB), voice(ANNE, span=(0, 200)), voice(BOB, span=(250, 500))]
    found = assigned([[voice(ANNE)], [voice(BOB)]] * 8 + [two])
    anne, bob = found.windows[0][0], found.windows[1][0]
    assert found.runs == {16: [(0, 250, 500, int(bob))]}
    owners = found.owners(16)
    assert (owners[200, 0], owners[300, 0], owners[500, 0]) == (anne, bob, anne)


def test_a_run_that_could_be_either_stays_where_its_local_speaker_is():
    two = [voice(ANNE), voice(ANNE + 1.05 * BOB, span=(250, 500))]
    assert assigned([[voice(ANNE)], [voice(BOB)]] * 8 + [two]).runs == {}


def test_a_long_recording_is_clustered_from_a_bounded_number_of_voices(monkeypatch):
    seen = []
    real = speaker_assignment.speaker_clustering.centroids
    monkeypatch.setattr(speaker_assignment, "TRAINING", 20)
    monkeypatch.setattr(
        speaker_assignment.speaker_clustering,
        "centroids",
        lambda found, *rest: seen.append(len(found)) or real(found, *rest),
    )
    found = assigned([[voice(ANNE)], [voice(BOB)]] * 100)
    assert seen == [20]
    assert len(set(found.windows[::2, 0].tolist())) == len(set(found.windows[1::2, 0].tolist())) == 1


def test_without_voices_there_is_nobody():
    assert assigned([[], []]).number == 0


def test_two_people_in_one_local_speaker_do_not_draw_their_clusters_together():
    both = [
        voice(ANNE + BOB, mixed=True),  # a cosine distance of 0.3 to either
        voice(ANNE, span=(0, 200), mixed=True),
        voice(BOB, span=(250, 500), mixed=True),
    ]
    found = assigned([[voice(ANNE)], both, both, [voice(BOB)]] * 6)
    assert found.number == 2


def test_a_short_run_of_a_mixed_voice_makes_no_speaker():
    short = [voice(ANNE, mixed=True), voice(BOB, span=(0, 100), mixed=True)]
    assert assigned([[voice(ANNE)], short] * 8).number == 1
