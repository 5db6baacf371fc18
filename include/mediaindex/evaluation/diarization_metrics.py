"""pyannote.metrics: how wrong "who speaks when" is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyannote.core import Annotation, Segment, Timeline
from pyannote.metrics.diarization import DiarizationErrorRate, JaccardErrorRate

from mediaindex.timeline import SpeakerSpan

Spans = Sequence[SpeakerSpan]


def diarization_error(
    reference: Spans, heard: Spans, duration: float, *, collar: float, overlap: bool
) -> tuple[float, float]:
    """Seconds of false alarm, missed speech and confusion, and seconds of speech in the reference (a speaker each).

    ``duration``: seconds from 0 that are judged. ``collar``: seconds on either side of each boundary of the reference
    that are not. ``overlap``: whether speech of several people at a time is.
    """
    found = _measure(DiarizationErrorRate, reference, heard, duration, collar, overlap)
    return found["false alarm"] + found["missed detection"] + found["confusion"], found["total"]


def jaccard_error(
    reference: Spans, heard: Spans, duration: float, *, collar: float, overlap: bool
) -> tuple[float, float]:
    """The sum of the speakers' Jaccard error rates, and how many speakers the reference has."""
    found = _measure(JaccardErrorRate, reference, heard, duration, collar, overlap)
    return found["speaker error"], found["speaker count"]


def _measure(
    metric: type[DiarizationErrorRate], reference: Spans, heard: Spans, duration: float, collar: float, overlap: bool
) -> dict[str, float]:
    # pyannote's collar is the whole width that is left out around a boundary; ours, as NIST's, is that on each side.
    measure = metric(collar=2 * collar, skip_overlap=not overlap)
    judged = Timeline([Segment(0.0, duration)])
    # People annotate a speaker in lines that overlap; nobody speaks twice at a time.
    found = measure(_annotation(reference).support(), _annotation(heard), uem=judged, detailed=True)
    return {name: float(value) for name, value in found.items()}


def _annotation(spans: Spans) -> Any:
    annotation = Annotation()
    for track, span in enumerate(spans):
        annotation[Segment(span.start, span.end), track] = span.speaker
    return annotation
