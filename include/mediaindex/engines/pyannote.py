"""Who speaks when, by pyannote.audio's diarization pipeline; nothing heavy is imported before the first recording."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from mediaindex.stages.protocols import SAMPLE_RATE, Diarized
from mediaindex.timeline import SpeakerSpan, seconds

if TYPE_CHECKING:
    from pathlib import Path

    from mediaindex.stages.protocols import SampleSource

# Measured over 16 recordings of 1 to 4 speakers (18 min) on 2 cores: share of the 10 s window by which it moves,
# speed, speaker time given to the wrong speaker, recordings with the right number of speakers.
#   0.1   9.8x real time  2.7 %  14 of 16      (published)
#   0.2  16.8x            2.8 %  13 of 16, 14 once the stage has dropped a speaker of half a second
#   0.25 18.8x            2.5 %  14 of 16      (but 13, and 4.2 % wrong, at the published threshold)
STEP = 0.2
# Distance at which two clusters are two speakers. Published with pyannote/speaker-diarization-3.1 is 0.7046, for the
# large-margin weights; for these the answers stay the same from 0.70 to 0.80 (steps 0.1 and 0.2): the middle of it.
THRESHOLD = 0.75
SHORTEST_SAMPLES = SAMPLE_RATE // 10  # nobody can be told from anybody in less


@dataclass
class PyannoteDiarizer:
    """The pipeline over one pair of weights; one call at a time."""

    segmentation: Path
    embedding: Path
    weights: str
    step: float = STEP
    threshold: float = THRESHOLD
    threads: int = field(default_factory=lambda: len(os.sched_getaffinity(0)))

    @property
    def identity(self) -> str:
        """Weights, and the parameters that change the answer."""
        return f"{self.weights} step {self.step:g} threshold {self.threshold:g}"

    def diarize(self, audio: SampleSource, speakers: int | None) -> Diarized:
        """Speaker spans in seconds of the samples, overlapping and exclusive; both empty for silence."""
        samples = audio.read_span(None)
        if samples.shape[0] < SHORTEST_SAMPLES:
            return Diarized((), ())
        import torch

        length = seconds(samples.shape[0] / SAMPLE_RATE)
        file = {"waveform": torch.from_numpy(samples)[None], "sample_rate": SAMPLE_RATE, "uri": "recording"}
        with _threads(self.threads), warnings.catch_warnings():
            # Empty clusters and fewer speakers than asked for are answers here, not accidents.
            warnings.simplefilter("ignore")
            output = self._pipeline(file, num_speakers=speakers)
        spans = _spans(output.speaker_diarization, length)
        labels: dict[str, str] = {}
        for span in spans:
            labels.setdefault(span.speaker, f"SPEAKER_{len(labels):02d}")
        exclusive = _spans(output.exclusive_speaker_diarization, length)
        return Diarized(_renamed(spans, labels), _renamed(exclusive, labels))

    @cached_property
    def _pipeline(self) -> Any:
        from . import pyannote_pipeline

        return pyannote_pipeline.build(
            self.segmentation, self.embedding, step=self.step, threshold=self.threshold, threads=self.threads
        )


def load(segmentation: Path, embedding: Path, *, identity: str, step: float = STEP) -> PyannoteDiarizer:
    """The diarizer over segmentation-3.0 (PyTorch checkpoint) and WeSpeaker ResNet34 (ONNX); read at first use.

    ``step`` in (0, 1]: share of the 10 s window by which it moves.
    """
    return PyannoteDiarizer(segmentation, embedding, identity, step)


@contextmanager
def _threads(number: int) -> Iterator[None]:
    # silero-vad sets 1 thread for the whole process at its import; other engines keep what they had.
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _spans(annotation: Any, length: float) -> list[SpeakerSpan]:
    """Spans by start; the last window is padded with silence, so ends are cut at the recording's."""
    spans = []
    for segment, _track, label in annotation.itertracks(yield_label=True):
        start, end = seconds(max(0.0, segment.start)), seconds(min(segment.end, length))
        if start < end:
            spans.append(SpeakerSpan(start, end, str(label)))
    return sorted(spans, key=lambda span: (span.start, span.end, span.speaker))


def _renamed(spans: list[SpeakerSpan], labels: dict[str, str]) -> tuple[SpeakerSpan, ...]:
    return tuple(SpeakerSpan(span.start, span.end, labels[span.speaker]) for span in spans)
