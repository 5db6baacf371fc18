"""Diarization of alternating readers of the corpus by pyannote."""

from __future__ import annotations

import pytest

from mediaindex.engines.pyannote_audio import pyannote
from mediaindex.models import try_locate
from tests.builders.in_memory import InMemory
from tests.builders.readings import taking_turns

numpy = pytest.importorskip("numpy", reason="NumPy is in the speech environment only")

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def diarizer():
    segmentation, embedding = (try_locate(name) for name in ("pyannote-segmentation-3.0", "wespeaker-resnet34"))
    if segmentation is None or embedding is None:
        pytest.skip("diarization models are not on this machine: `mediaindex models fetch`")
    return pyannote.load(segmentation.path, embedding.path, identity="pyannote", step=0.25)


def test_two_readers_are_told_apart(diarizer, utterances):
    from pyannote.core import Annotation, Segment
    from pyannote.metrics.diarization import DiarizationErrorRate

    samples, spans = taking_turns(utterances, ("sonnet", "austen"), rounds=4)
    diarized = diarizer.diarize(InMemory(samples), None)
    assert {span.speaker for span in diarized.exclusive} == {"SPEAKER_00", "SPEAKER_01"}
    reference, hypothesis = Annotation(), Annotation()
    for start, end, speaker in spans:
        reference[Segment(start, end)] = speaker
    for span in diarized.exclusive:
        hypothesis[Segment(span.start, span.end)] = span.speaker
    parts = DiarizationErrorRate(collar=0.25)(reference, hypothesis, detailed=True)
    # Missed speech is not checked, as readers pause inside an utterance. Two readers taken for each other cost tens of
    # percent.
    assert parts["confusion"] < 0.1 * parts["total"]
    assert parts["false alarm"] < 0.1 * parts["total"]


def test_one_reader_is_one_speaker(diarizer, utterances):
    samples, _ = taking_turns(utterances, ("sonnet",), rounds=3)
    assert {span.speaker for span in diarizer.diarize(InMemory(samples), None).exclusive} == {"SPEAKER_00"}
