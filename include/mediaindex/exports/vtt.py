"""WebVTT captions, which browsers read; speakers stand in voice tags."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

from webvtt import Caption, WebVTT

from mediaindex.stages.results import TurnText
from mediaindex.timeline import Transcript

from .cues import cues


def to_vtt(
    transcript: Transcript, names: Mapping[str, str] | None = None, texts: Sequence[TurnText] | None = None
) -> str:
    """The file's content, ending in a line break; every caption carries its speaker. Arguments as in `cues`."""
    captions = [
        Caption(_time(cue.start), _time(cue.end), f"<v {_escape(cue.speaker)}>" + "\n".join(map(_escape, cue.lines)))
        for cue in cues(transcript, names, texts)
    ]
    return WebVTT(captions=captions).content.rstrip("\n") + "\n"


def _escape(text: str) -> str:
    # Words come from recognisers and names from people: neither may open a tag, an entity or (by "-->") a cue.
    return html.escape(text, quote=False)


def _time(seconds: float) -> str:
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}.{rest % 1000:03d}"
