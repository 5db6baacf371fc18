"""Who speaks when, on the CPU: pyannote's method (segmentation, embeddings, clustering) on ONNX Runtime alone.

Memory does not grow with the recording: audio passes in stretches, and what is kept of a window is its bits and, on
disk, its voices.
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

# s from one ten-second window to the next; pyannote's pipeline moves by 1.0.
HOP = 2.5
# Average cosine distance at which two clusters are two speakers. The number of speakers is right in 31 of 32 made
# conversations of 2 to 4 people from 0.50 to 0.55, in 27 at 0.45 and in 28 at 0.60. As many pairs of voices of one
# speaker lie above it as pairs of two below, at 0.52 to 0.64 over eight draws of half of the speakers.
THRESHOLD = 0.55
SHORTEST = 0.1  # s: nobody can be told from anybody in less
PER_STRETCH = 32  # windows held in memory together
BLOCK = 60.0  # s of audio read at a time


@dataclass
class OnnxDiarizer:
    """The method over one pair of weights; safe to call from several threads, which share its workers.

    ``weights`` names both, for the identity.
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
        """Weights, and the parameters that change the answer."""
        return f"{self.weights} hop {self.hop:g} threshold {self.threshold:g}"

    def diarize(self, audio: SampleSource, speakers: int | None) -> Diarized:
        """Speaker spans in seconds of the samples, overlapping and exclusive; both empty for silence."""
        from .listening import Listener
        from .store import Store
        from .windows import stretches

        if audio.duration < SHORTEST:
            return Diarized((), ())
        with self._loading:
            models = self._models
        length = 0
        with Store() as store:
            listener = Listener(*models, self._workers, self.hop, store)
            for stretch in stretches(audio.blocks(BLOCK), round(self.hop * SAMPLE_RATE), PER_STRETCH):
                length = round(stretch.first * self.hop * SAMPLE_RATE) + len(stretch.samples)
                listener.hear(stretch)
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
        heard, first, end = Runs(), Runs(), 0
        for frame, several, one in active_speakers(store.masks(PER_STRETCH), assignment, self.hop):
            heard.add(frame, several)
            first.add(frame, one)
            end = frame + len(several)
        labels: dict[int, str] = {}
        spans = _spans(heard, end, length, labels)
        return Diarized(spans, _spans(first, end, length, labels))


def _spans(runs: Runs, end: int, length: float, labels: dict[int, str]) -> tuple[SpeakerSpan, ...]:
    """Spans by start; the last window is padded with silence, so ends are cut at the recording's."""
    from .timeline import middle

    spans = []
    for start, after, speaker in runs.close(end):
        one, two = round_to_ms(middle(start)), round_to_ms(min(middle(after), length))
        if one < two:
            label = labels.setdefault(speaker, f"SPEAKER_{len(labels):02d}")
            spans.append(SpeakerSpan(one, two, label))
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
    """The diarizer over segmentation-3.0 and WeSpeaker ResNet34, both ONNX; read at first use.

    ``hop``: seconds from one ten-second window to the next; ``threads``: by default one a core.
    """
    return OnnxDiarizer(segmentation, embedding, identity, hop, threshold, threads or len(os.sched_getaffinity(0)))
