"""The transcript JSON of the podcast namespace, which podcast players read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from mediaindex.stages.results import TurnText
from mediaindex.timeline import Transcript

from .cues import cues

VERSION = "1.0.0"  # of the format


def to_podcast_json(
    transcript: Transcript,
    names: Mapping[str, str] | None = None,
    texts: Sequence[TurnText] | None = None,
    extra: Mapping[str, Any] | None = None,
) -> str:
    """``version`` and ``segments`` (speaker, startTime, endTime, body), one a caption. Arguments as in `cues`.

    ``extra`` is added under ``mediaindex``; players skip what they do not know.
    """
    document: dict[str, Any] = {
        "version": VERSION,
        "segments": [
            {"speaker": cue.speaker, "startTime": cue.start, "endTime": cue.end, "body": cue.text}
            for cue in cues(transcript, names, texts)
        ],
    }
    if extra is not None:
        document["mediaindex"] = dict(extra)
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"
