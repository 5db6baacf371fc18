"""The transcript JSON of the podcast namespace, for podcast players."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any

from mediaindex.contract.results import TurnText
from mediaindex.timeline import Transcript

from .captions import cues

VERSION = "1.0.0"  # of the format


def to_podcast_json(
    transcript: Transcript,
    names: Mapping[str, str] | None = None,
    texts: Sequence[TurnText] | None = None,
    extra: Mapping[str, Any] | None = None,
    *,
    zero: float = 0.0,
) -> Iterator[str]:
    """``version`` and ``segments`` (speaker, startTime, endTime, body), one per caption; in pieces, because the
    transcript of a day has 40 MB. Arguments as in `cues`.

    ``extra`` is added under ``mediaindex``, which players ignore. Dataclasses in it become objects.
    """
    document: dict[str, Any] = {
        "version": VERSION,
        "segments": [
            {"speaker": cue.speaker, "startTime": cue.start, "endTime": cue.end, "body": cue.text}
            for cue in cues(transcript, names, texts, zero=zero)
        ],
    }
    if extra is not None:
        document["mediaindex"] = dict(extra)
    yield from json.JSONEncoder(ensure_ascii=False, indent=2, default=attributes).iterencode(document)
    yield "\n"


def attributes(value: Any) -> dict[str, Any]:
    """A dataclass as a dictionary of its fields; nested ones are left to the encoder, which writes them one by one."""
    return {field.name: getattr(value, field.name) for field in fields(value)}
