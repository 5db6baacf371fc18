"""A finished transcript as files beside each other: JSON, SRT and VTT."""

from __future__ import annotations

import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mediaindex.stages.results import Assessment, Topics

from .podcast_json import to_podcast_json
from .srt import to_srt
from .vtt import to_vtt


def write_transcript(
    out: Path, name: str, source: str, assessment: Assessment, topics: Topics | None = None
) -> tuple[Path, ...]:
    """Write ``out/name.json``, ``.srt`` and ``.vtt`` and give their paths; ``source`` is the recording's own name.

    The JSON is the podcast namespace's, with words, confidences, topics and the judgement under ``mediaindex``.
    """
    transcript = assessment.transcript
    texts = topics.texts if topics else None
    contents = {
        "json": to_podcast_json(transcript, texts=texts, extra=_details(source, assessment, topics)),
        "srt": to_srt(transcript, texts=texts),
        "vtt": to_vtt(transcript, texts=texts),
    }
    paths = []
    for ending, content in contents.items():
        path = out / f"{name}.{ending}"
        _write(path, content)
        paths.append(path)
    return tuple(paths)


def _details(source: str, assessment: Assessment, topics: Topics | None) -> dict[str, Any]:
    details = asdict(assessment) | {"source": source, "topics": []}
    if topics:
        details["topics"] = [asdict(topic) for topic in topics.topics]
        for turn, text in zip(details["transcript"]["turns"], topics.texts, strict=True):
            turn["text"] = text.text
    return details


def _write(path: Path, content: str) -> None:
    # Whole or not at all: a reader must never see half a file.
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", newline="", dir=path.parent, prefix=f".{path.name}.", delete=False
    ) as file:
        file.write(content)
    Path(file.name).chmod(0o644)
    Path(file.name).replace(path)
