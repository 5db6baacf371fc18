"""Write a transcript as JSON, SRT and VTT files, and speaker spans as RTTM."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from mediaindex.contract.results import Assessment, Topics
from mediaindex.settings import StorageSettings
from mediaindex.timeline import SpeakerSpan

from .captions import to_srt, to_vtt
from .podcast_json import attributes, to_podcast_json


def write_transcript(
    out: Path,
    name: str,
    source: str,
    assessment: Assessment,
    topics: Topics | None = None,
    warnings: Sequence[str] = (),
    captions_from: float = 0.0,
) -> tuple[Path, ...]:
    """Write ``out/name.json``, ``.srt`` and ``.vtt`` and return their paths; ``source`` is the name of the recording,
    ``warnings`` those of its stages.

    ``captions_from``: the source time (s) from which captions count. The JSON is that of the podcast namespace, whose
    segments are captions, with words, confidences, topics, warnings and the assessment, in source time, under
    ``mediaindex``.
    """
    transcript = assessment.transcript
    texts = topics.texts if topics else None
    paths = tuple(out / f"{name}.{ending}" for ending in ("json", "srt", "vtt"))
    details = _details(source, assessment, topics, warnings) | {"captions_from": captions_from}
    _write(paths[0], to_podcast_json(transcript, texts=texts, extra=details, zero=captions_from))
    _write(paths[1], [to_srt(transcript, texts=texts, zero=captions_from)])
    _write(paths[2], [to_vtt(transcript, texts=texts, zero=captions_from)])
    return paths


def _details(source: str, assessment: Assessment, topics: Topics | None, warnings: Sequence[str]) -> dict[str, Any]:
    transcript = attributes(assessment.transcript)
    if topics:
        texts = (text.text for text in topics.texts)
        transcript["turns"] = [
            attributes(turn) | {"text": text} for turn, text in zip(transcript["turns"], texts, strict=True)
        ]
    return attributes(assessment) | {
        "transcript": transcript,
        "source": source,
        "topics": topics.topics if topics else [],
        "warnings": list(warnings),
    }


def _write(path: Path, pieces: Iterable[str]) -> None:
    # Atomic: a reader never sees an incomplete file. The temporary name is short; that of ``path`` may be the longest.
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", newline="", dir=path.parent, prefix=".transcript-", delete=False
    ) as file:
        try:
            file.writelines(pieces)
            file.close()
            Path(file.name).chmod(int(StorageSettings.read().file_mode, 8))
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


def to_rttm(name: str, spans: Sequence[SpeakerSpan]) -> str:
    """One line per span; ``name``: the recording. White space in names, which separates columns, becomes ``_``."""
    return "".join(
        f"SPEAKER {_column(name)} 1 {span.start:.3f} {span.duration:.3f} <NA> <NA> {_column(span.speaker)} <NA> <NA>\n"
        for span in spans
    )


def _column(text: str) -> str:
    return "_".join(text.split()) or "<NA>"
