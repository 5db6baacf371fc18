"""RTTM, the table of who speaks when that diarization tools compare."""

from __future__ import annotations

from collections.abc import Sequence

from mediaindex.timeline import SpeakerSpan


def to_rttm(name: str, spans: Sequence[SpeakerSpan]) -> str:
    """One line a span; ``name`` is the recording's. White space in names becomes ``_``: columns are split at it."""
    return "".join(
        f"SPEAKER {_column(name)} 1 {span.start:.3f} {span.duration:.3f} <NA> <NA> {_column(span.speaker)} <NA> <NA>\n"
        for span in spans
    )


def _column(text: str) -> str:
    return "_".join(text.split()) or "<NA>"
