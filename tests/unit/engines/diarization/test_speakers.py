"""Diarization of alternating readers of the corpus."""

from __future__ import annotations

from itertools import pairwise

import pytest

from mediaindex.engines.diarization import diarizer as engine
from mediaindex.stages.protocols import SAMPLE_RATE
from tests.builders.in_memory import InMemory
from tests.builders.readings import taking_turns

numpy = pytest.importorskip("numpy", reason="NumPy is in the speech environment only")

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def diarizer(model):
    return engine.load(model("pyannote-segmentation-3.0-onnx"), model("wespeaker-resnet34"), identity="x", threads=2)


def errors(spans, diarized):
    from pyannote.core import Annotation, Segment
    from pyannote.metrics.diarization import DiarizationErrorRate

    reference, hypothesis = Annotation(), Annotation()
    for start, end, speaker in spans:
        reference[Segment(start, end)] = speaker
    for span in diarized:
        hypothesis[Segment(span.start, span.end)] = span.speaker
    parts = DiarizationErrorRate(collar=0.25)(reference, hypothesis, detailed=True)
    return {part: parts[part] / parts["total"] for part in ("confusion", "false alarm")}


def test_two_readers_are_told_apart_in_order_of_appearance(diarizer, utterances):
    samples, spans = taking_turns(utterances, ("sonnet", "austen"), rounds=4)
    diarized = diarizer.diarize(InMemory(samples), None)
    assert diarized.spans[0].speaker == "SPEAKER_00"
    assert {span.speaker for span in diarized.exclusive} == {"SPEAKER_00", "SPEAKER_01"}
    # Missed speech is not checked, as readers pause inside an utterance. Measured: no confusion and no false alarms.
    # Two readers taken for each other cost tens of percent.
    assert max(errors(spans, diarized.exclusive).values()) < 0.1


def test_one_reader_is_one_speaker(diarizer, utterances):
    samples, _ = taking_turns(utterances, ("sonnet",), rounds=3)
    assert {span.speaker for span in diarizer.diarize(InMemory(samples), None).exclusive} == {"SPEAKER_00"}


def test_a_label_is_one_person_across_stretches(diarizer, utterances, monkeypatch):
    monkeypatch.setattr(engine, "PER_STRETCH", 6)  # 15 s of new audio each
    samples, spans = taking_turns(utterances, ("austen", "sonnet"), rounds=4)
    diarized = diarizer.diarize(InMemory(samples), None)
    assert len({span.speaker for span in diarized.spans}) == 2
    assert errors(spans, diarized.exclusive)["confusion"] < 0.1  # measured: 0.0


def test_both_speakers_are_found_where_they_overlap(diarizer, utterances):
    import soundfile

    first, second = (soundfile.read(utterances[name][0], dtype="float32")[0] for name in ("allison", "sonnet"))
    samples = numpy.zeros(15 * SAMPLE_RATE, numpy.float32)
    samples[SAMPLE_RATE // 2 :][: len(first)] += first[: len(samples) - SAMPLE_RATE // 2]
    samples[6 * SAMPLE_RATE :][: len(second)] += second[: 9 * SAMPLE_RATE]
    diarized = diarizer.diarize(InMemory(samples), 2)
    total, exclusive = (sum(span.duration for span in spans) for spans in (diarized.spans, diarized.exclusive))
    assert total > exclusive + 0.5  # s; measured: 2.6
    ordered = diarized.exclusive
    assert all(a.end <= b.start for a, b in pairwise(ordered))
