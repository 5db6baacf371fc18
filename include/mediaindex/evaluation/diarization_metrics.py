"""Error rates of diarization, by pyannote.metrics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyannote.core import Annotation, Segment, Timeline
from pyannote.metrics.diarization import DiarizationErrorRate, JaccardErrorRate

from mediaindex.timeline import SpeakerSpan

Spans = Sequence[SpeakerSpan]


def diarization_error(
    reference: Spans, hypothesis: Spans, duration: float, *, collar: float, overlap: bool
) -> tuple[float, float]:
    """Seconds of false alarm, missed speech and confusion; and seconds of speech in the reference, summed by speaker.

    ``duration``: seconds from 0 that are judged. ``collar``: seconds on either side of each boundary of the reference
    that are not judged. ``overlap``: whether overlapped speech is judged.
    """
    components = _measure(DiarizationErrorRate, reference, hypothesis, duration, collar, overlap)
    errors = components["false alarm"] + components["missed detection"] + components["confusion"]
    return errors, components["total"]


def jaccard_error(
    reference: Spans, hypothesis: Spans, duration: float, *, collar: float, overlap: bool
) -> tuple[float, float]:
    """The sum of the speakers' Jaccard error rates, and the number of speakers in the reference."""
    components = _measure(JaccardErrorRate, reference, hypothesis, duration, collar, overlap)
    return components["speaker error"], components["speaker count"]


def _measure(
    metric: type[DiarizationErrorRate],
    reference: Spans,
    hypothesis: Spans,
    duration: float,
    collar: float,
    overlap: bool,
) -> dict[str, float]:
    # The collar of pyannote is the whole width excluded around a boundary; here, as at NIST, it is that of each side.
    measure = metric(collar=2 * collar, skip_overlap=not overlap)
    judged = Timeline([Segment(0.0, duration)])
    # Annotations of one speaker may overlap; support() merges them.
    components = measure(_annotation(reference).support(), _annotation(hypothesis), uem=judged, detailed=True)
    return {name: float(value) for name, value in components.items()}


def _annotation(spans: Spans) -> Any:
    annotation = Annotation()
    for track, span in enumerate(spans):
        annotation[Segment(span.start, span.end), track] = span.speaker
    return annotation
