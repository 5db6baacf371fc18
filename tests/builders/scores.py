"""Scores of recordings and evaluation reports, for tests of code that reads reports."""

from __future__ import annotations

from typing import Any

from mediaindex.evaluation.report import FileScore, Report, ScoringRules, buckets, figures
from mediaindex.evaluation.word_errors import Tally


def file_score(name: str, **changes: Any) -> FileScore:
    """The score of a short English recording with one wrong word of eight, with ``changes``."""
    fields: dict[str, Any] = {
        "id": name,
        "lang": "en",
        "channel": "wide band, mono",
        "length": "under 10 s",
        "status": "indexed",
        "detail": "",
        "audio_s": 5.0,
        "wall_s": 1.0,
        "peak_mb": 1.0,
        "tallies": {"wer": Tally(part=1, whole=8)},
        "right": (0.9,),
        "wrong": (),
        "said": "",
    }
    return FileScore(**(fields | changes))


def report_of(*files: FileScore, protocol: ScoringRules | None = None) -> Report:
    """A run over these files."""
    return Report(
        mediaindex="0",
        manifest="m.jsonl",
        protocol=protocol or ScoringRules(),
        all=figures(files),
        wall_s=1.0,
        peak_mb=1.0,
        buckets=buckets(files),
        files=files,
    )
