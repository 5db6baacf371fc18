"""Speaker diarization by a pipeline of pyannote.audio.

Large libraries are imported at the first recording. Each recording is read as a whole.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any

from mediaindex.stages.protocols import SAMPLE_RATE, Diarized
from mediaindex.timeline import SpeakerSpan, round_to_ms

if TYPE_CHECKING:
    from pathlib import Path

    from mediaindex.settings import Device
    from mediaindex.stages.protocols import SampleSource

# Published with pyannote/speaker-diarization-3.1: the step as a share of the 10 s window.
STEP = 0.1
# Distance from which two clusters are two speakers. 0.7046 is published with 3.1, for the large-margin weights. With
# the weights used here, the results are the same from 0.70 to 0.80, of which this is the middle.
THRESHOLD = 0.75
SHORTEST = 0.1  # s; less is too short to tell speakers apart


def _cores() -> int:
    return len(os.sched_getaffinity(0))


@dataclass
class PyannoteDiarizer:
    """A diarizer with a pipeline of pyannote.audio, made at first use by ``make``; calls are serialised."""

    make: Callable[[], Any]
    identity: str
    threads: int = field(default_factory=_cores)
    _one_call: Lock = field(default_factory=Lock, repr=False)

    def diarize(self, audio: SampleSource, speakers: int | None) -> Diarized:
        """Speaker spans in seconds of the samples, overlapping and exclusive; both empty for silence."""
        if audio.duration < SHORTEST:
            return Diarized((), ())
        import torch

        samples = audio.read_span(None)
        length = round_to_ms(samples.shape[0] / SAMPLE_RATE)
        file = {"waveform": torch.from_numpy(samples)[None], "sample_rate": SAMPLE_RATE, "uri": "recording"}
        with self._one_call, _threads(self.threads), warnings.catch_warnings():
            # Empty clusters and fewer speakers than requested are valid results here.
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
        return self.make()


def load(segmentation: Path, embedding: Path, *, identity: str, step: float = STEP) -> PyannoteDiarizer:
    """The pipeline with segmentation-3.0 (PyTorch checkpoint) and WeSpeaker ResNet34 (ONNX), on the CPU.

    ``step`` in (0, 1]: the step as a share of the 10 s window.
    """

    def make() -> Any:
        from . import pipeline

        return pipeline.build(segmentation, embedding, step=step, threshold=THRESHOLD, threads=_cores())

    return PyannoteDiarizer(make, f"{identity} step {step:g} threshold {THRESHOLD:g}")


def load_community(directory: Path, *, identity: str, device: Device) -> PyannoteDiarizer:
    """The pipeline of a copy of ``pyannote/speaker-diarization-community-1``; its checkpoints are read as data."""

    def make() -> Any:
        from . import pipeline

        return pipeline.community(directory, device)

    return PyannoteDiarizer(make, f"{identity} {device}")


@contextmanager
def _threads(number: int) -> Iterator[None]:
    # The import of silero-vad sets 1 thread for the whole process; other engines keep their number.
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _spans(annotation: Any, length: float) -> list[SpeakerSpan]:
    """Spans by start, cut at ``length``: the last window is padded with silence."""
    spans = []
    for segment, _track, label in annotation.itertracks(yield_label=True):
        start, end = round_to_ms(max(0.0, segment.start)), round_to_ms(min(segment.end, length))
        if start < end:
            spans.append(SpeakerSpan(start, end, str(label)))
    return sorted(spans, key=lambda span: (span.start, span.end, span.speaker))


def _renamed(spans: list[SpeakerSpan], labels: dict[str, str]) -> tuple[SpeakerSpan, ...]:
    return tuple(SpeakerSpan(span.start, span.end, labels[span.speaker]) for span in spans)
