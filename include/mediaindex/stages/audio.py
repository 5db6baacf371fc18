"""Access to normalised audio for the stages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mediaindex.timeline import Clock, Span

from .protocols import SAMPLE_RATE

if TYPE_CHECKING:
    from .protocols import Samples


@dataclass(frozen=True, slots=True)
class Audio:
    """The 16 kHz mono FLAC of a recording. ``duration``: seconds of decoded audio; ``clock`` converts to source time.

    ``channels`` fetches the FLAC with the separate channels, if they were kept, when it is first needed. ``check`` is
    called before each block or span is read; it raises an error to stop the work on the recording.
    """

    path: Path
    duration: float
    clock: Clock
    channels: Callable[[], Path] | None = None
    check: Callable[[], None] = lambda: None

    def read(self) -> Samples:
        """All samples, float32 in [-1, 1], shape (samples,)."""
        return self.read_span(None)

    def read_span(self, span: Span | None) -> Samples:
        """Samples of a span of *decoded audio* (not source time), shape (samples,); None reads all."""
        import soundfile

        self.check()
        start = round(span.start * SAMPLE_RATE) if span else 0
        stop = round(span.end * SAMPLE_RATE) if span else None
        samples, _rate = soundfile.read(self.path, start=start, stop=stop, dtype="float32")
        return samples  # type: ignore[no-any-return]  # soundfile has no types

    def blocks(self, seconds: float) -> Iterator[Samples]:
        """The samples in blocks of ``seconds``, shape (samples,), so that memory does not grow with the duration."""
        import soundfile

        for block in soundfile.blocks(self.path, blocksize=round(seconds * SAMPLE_RATE), dtype="float32"):
            self.check()
            yield block

    def channel_blocks(self, seconds: float) -> Iterator[Samples]:
        """The separate channels in blocks, shape (samples, channels). Raises ValueError if they were not kept."""
        import soundfile

        if self.channels is None:
            raise ValueError(f"{self.path}: its channels were not kept; run normalize with keep_channels")
        size = round(seconds * SAMPLE_RATE)
        for block in soundfile.blocks(self.channels(), blocksize=size, dtype="float32", always_2d=True):
            self.check()
            yield block
