"""SubRip captions, which every player reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

import srt

from mediaindex.stages.results import TurnText
from mediaindex.timeline import Transcript

from .cues import cues


def to_srt(
    transcript: Transcript, names: Mapping[str, str] | None = None, texts: Sequence[TurnText] | None = None
) -> str:
    """The file's content; the first caption of each speaker in a row begins with ``Name:``. Arguments as in `cues`."""
    subtitles = (
        srt.Subtitle(index, timedelta(seconds=cue.start), timedelta(seconds=cue.end), "\n".join(cue.lines))
        for index, cue in enumerate(cues(transcript, names, texts, label_speakers=True), 1)
    )
    return str(srt.compose(subtitles, reindex=False))
