"""A recording that is only samples, for engines that read it piece by piece."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mediaindex.stages.protocols import SAMPLE_RATE


@dataclass
class InMemory:
    """A ``SampleSource`` over an array."""

    samples: Any

    @property
    def duration(self) -> float:
        return len(self.samples) / SAMPLE_RATE

    def read_span(self, span: Any) -> Any:
        if span is None:
            return self.samples
        return self.samples[round(span.start * SAMPLE_RATE) : round(span.end * SAMPLE_RATE)]

    def blocks(self, seconds: float) -> Any:
        size = round(seconds * SAMPLE_RATE)
        for at in range(0, len(self.samples), size):
            yield self.samples[at : at + size]
