from __future__ import annotations

import pytest

numpy = pytest.importorskip("numpy", reason="NumPy is in the speech environment only")

from mediaindex.engines.diarization import assignment, clustering  # noqa: E402
from mediaindex.engines.diarization.assignment import NO_SPEAKER, assign  # noqa: E402
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
            for window_voice in voices:
                store.add_voice(number, window_voice)
        return assign(store, speakers, hop=2.5, threshold=0.55)


def test_voices_are_assigned_and_local_speakers_without_a_voice_are_not():
    result = assigned([[voice(ANNE)], [voice(BOB, local=2)]] * 8)
    assert result.number == 2
    assert result.windows[0].tolist() == result.windows[2].tolist()
    assert result.windows[0][1] == NO_SPEAKER
    assert result.windows[0][0] != result.windows[1][2]


def test_a_brief_voice_makes_no_speaker_but_is_assigned():
    brief = voice(0.9 * BOB + 0.1 * ANNE, local=1, clean=20)
    result = assigned([[voice(ANNE), brief]] * 8)
    assert (result.number, result.windows[0].tolist()) == (1, [0, 0, NO_SPEAKER])


def test_a_run_of_clearly_another_speaker_is_assigned_to_that_speaker():
    two = [voice(ANNE + 0.8 * BOB), voice(ANNE, span=(0, 200)), voice(BOB, span=(250, 500))]
    result = assigned([[voice(ANNE)], [voice(BOB)]] * 8 + [two])
    anne, bob = result.windows[0][0], result.windows[1][0]
    assert result.runs == {16: [(0, 250, 500, int(bob))]}
    owners = result.owners(16)
    assert (owners[200, 0], owners[300, 0], owners[500, 0]) == (anne, bob, anne)


def test_an_ambiguous_run_stays_with_its_local_speaker():
    two = [voice(ANNE), voice(ANNE + 1.05 * BOB, span=(250, 500))]
    assert assigned([[voice(ANNE)], [voice(BOB)]] * 8 + [two]).runs == {}


def test_a_long_recording_is_clustered_from_a_bounded_number_of_voices(monkeypatch):
    counts = []
    real = clustering.centroids

    def recorded(embeddings, *rest):
        counts.append(len(embeddings))
        return real(embeddings, *rest)

    monkeypatch.setattr(assignment, "TRAINING", 20)
    monkeypatch.setattr(clustering, "centroids", recorded)
    result = assigned([[voice(ANNE)], [voice(BOB)]] * 100)
    assert counts == [20]
    assert len(set(result.windows[::2, 0].tolist())) == len(set(result.windows[1::2, 0].tolist())) == 1


def test_without_voices_there_are_no_speakers():
    assert assigned([[], []]).number == 0


def test_two_people_in_one_local_speaker_do_not_join_their_clusters():
    both = [
        voice(ANNE + BOB, mixed=True),  # a cosine distance of 0.3 to either
        voice(ANNE, span=(0, 200), mixed=True),
        voice(BOB, span=(250, 500), mixed=True),
    ]
    result = assigned([[voice(ANNE)], both, both, [voice(BOB)]] * 6)
    assert result.number == 2


def test_a_short_run_of_a_mixed_voice_makes_no_speaker():
    short = [voice(ANNE, mixed=True), voice(BOB, span=(0, 100), mixed=True)]
    assert assigned([[voice(ANNE)], short] * 8).number == 1
