"""Who speaks when, by a pipeline of pyannote.audio itself.

Nothing heavy is imported before the first recording, which is read as a whole.
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

# Published with pyannote/speaker-diarization-3.1: share of the 10 s window by which it moves.
STEP = 0.1
# Distance at which two clusters are two speakers. Published with 3.1 is 0.7046, for the large-margin weights; for these
# the answers stay the same from 0.70 to 0.80: the middle of it.
THRESHOLD = 0.75
SHORTEST = 0.1  # s: nobody can be told from anybody in less


def _cores() -> int:
    return len(os.sched_getaffinity(0))


@dataclass
class PyannoteDiarizer:
    """A pipeline of pyannote.audio, made at first use by ``make``; calls wait for each other."""

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
        return self.make()


def load(segmentation: Path, embedding: Path, *, identity: str, step: float = STEP) -> PyannoteDiarizer:
    """pyannote's pipeline over segmentation-3.0 (PyTorch checkpoint) and WeSpeaker ResNet34 (ONNX), on the CPU.

    ``step`` in (0, 1]: share of the 10 s window by which it moves.
    """

    def make() -> Any:
        from . import pipeline as pyannote_pipeline

        return pyannote_pipeline.build(segmentation, embedding, step=step, threshold=THRESHOLD, threads=_cores())

    return PyannoteDiarizer(make, f"{identity} step {step:g} threshold {THRESHOLD:g}")


def load_community(directory: Path, *, identity: str, device: Device) -> PyannoteDiarizer:
    """The pipeline of a copy of ``pyannote/speaker-diarization-community-1``.

    pyannote.audio unpickles its checkpoints without restriction: only a copy that you trust belongs there.
    """

    def make() -> Any:
        from . import pipeline as pyannote_pipeline

        return pyannote_pipeline.community(directory, device)

    return PyannoteDiarizer(make, f"{identity} {device}")


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
        start, end = round_to_ms(max(0.0, segment.start)), round_to_ms(min(segment.end, length))
        if start < end:
            spans.append(SpeakerSpan(start, end, str(label)))
    return sorted(spans, key=lambda span: (span.start, span.end, span.speaker))


def _renamed(spans: list[SpeakerSpan], labels: dict[str, str]) -> tuple[SpeakerSpan, ...]:
    return tuple(SpeakerSpan(span.start, span.end, labels[span.speaker]) for span in spans)
