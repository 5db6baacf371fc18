"""Speaker diarization on the CPU: the method of pyannote (segmentation, embeddings, clustering) on ONNX Runtime.

Audio is processed in stretches, and the activity and voices of each window are kept on disk, so that the memory for
audio and models does not grow with the length of the recording.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING

from mediaindex.stages.protocols import SAMPLE_RATE, Diarized
from mediaindex.timeline import SpeakerSpan, round_to_ms

if TYPE_CHECKING:
    from mediaindex.models import LocatedModel
    from mediaindex.stages.protocols import SampleSource

    from .segmentation import Segmentation
    from .store import Store
    from .timeline import Runs
    from .trunk import Trunk

# s from one ten-second window to the next; 1.0 in pyannote's pipeline.
HOP = 2.5
# Average cosine distance from which two clusters are two speakers. The number of speakers is right in 31 of 32
# constructed conversations of 2 to 4 people at 0.50 to 0.55, in 27 at 0.45 and in 28 at 0.60. The distance that as many
# pairs of voices of one speaker exceed as pairs of two speakers fall below is 0.52 to 0.64, over eight draws of half of
# the speakers.
THRESHOLD = 0.55
SHORTEST = 0.1  # s; less is too short to tell speakers apart
PER_STRETCH = 32  # windows held in memory together
BLOCK = 60.0  # s of audio read at a time


@dataclass
class OnnxDiarizer:
    """A diarizer with one pair of weights; safe to call from several threads, which share its workers.

    ``weights`` names both models, for the identity.
    """

    segmentation: LocatedModel
    embedding: LocatedModel
    weights: str
    hop: float = HOP
    threshold: float = THRESHOLD
    threads: int = 1
    _loading: Lock = field(default_factory=Lock, repr=False)

    @property
    def identity(self) -> str:
        """The weights, and the parameters that change the result."""
        return f"{self.weights} hop {self.hop:g} threshold {self.threshold:g}"

    def diarize(self, audio: SampleSource, speakers: int | None) -> Diarized:
        """Speaker spans in seconds of the samples, overlapping and exclusive; both empty for silence."""
        from .extraction import VoiceExtractor
        from .store import Store
        from .windows import stretches

        if audio.duration < SHORTEST:
            return Diarized((), ())
        with self._loading:
            models = self._models
        length = 0
        with Store() as store:
            extractor = VoiceExtractor(*models, self._workers, self.hop, store)
            for stretch in stretches(audio.blocks(BLOCK), round(self.hop * SAMPLE_RATE), PER_STRETCH):
                length = round(stretch.first * self.hop * SAMPLE_RATE) + len(stretch.samples)
                extractor.add(stretch)
            return self._diarized(store, speakers, length / SAMPLE_RATE)

    @cached_property
    def _models(self) -> tuple[Segmentation, Trunk]:
        from .segmentation import Segmentation
        from .trunk import Trunk

        return (
            Segmentation(self.segmentation.path, self.segmentation.sha256),
            Trunk(self.embedding.path, self.embedding.sha256),
        )

    @cached_property
    def _workers(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self.threads, thread_name_prefix="diarizer")

    def _diarized(self, store: Store, speakers: int | None, length: float) -> Diarized:
        from .assignment import assign
        from .timeline import Runs, active_speakers

        assignment = assign(store, speakers, hop=self.hop, threshold=self.threshold)
        if assignment.number == 0:
            return Diarized((), ())
        overlapping, exclusive, end = Runs(), Runs(), 0
        for frame, active, dominant in active_speakers(store.masks(PER_STRETCH), assignment, self.hop):
            overlapping.add(frame, active)
            exclusive.add(frame, dominant)
            end = frame + len(active)
        labels: dict[int, str] = {}
        spans = _spans(overlapping, end, length, labels)
        return Diarized(spans, _spans(exclusive, end, length, labels))


def _spans(runs: Runs, end: int, length: float, labels: dict[int, str]) -> tuple[SpeakerSpan, ...]:
    """Spans by start, cut at ``length``: the last window is padded with silence."""
    from .timeline import middle

    spans = []
    for first, after, speaker in runs.close(end):
        start, stop = round_to_ms(middle(first)), round_to_ms(min(middle(after), length))
        if start < stop:
            label = labels.setdefault(speaker, f"SPEAKER_{len(labels):02d}")
            spans.append(SpeakerSpan(start, stop, label))
    return tuple(spans)


def load(
    segmentation: LocatedModel,
    embedding: LocatedModel,
    *,
    identity: str,
    hop: float = HOP,
    threshold: float = THRESHOLD,
    threads: int | None = None,
) -> OnnxDiarizer:
    """A diarizer with segmentation-3.0 and WeSpeaker ResNet34 in ONNX, which are loaded at first use.

    ``hop``: seconds from one ten-second window to the next; ``threads``: by default one per core.
    """
    return OnnxDiarizer(segmentation, embedding, identity, hop, threshold, threads or len(os.sched_getaffinity(0)))
