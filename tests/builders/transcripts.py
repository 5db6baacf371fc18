"""Transcripts as the catalog gives them to the search room."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import Any

from mediaindex.catalog.transcripts.publications import PublishableTranscript, PublishableTurn
from mediaindex.timeline.scripts import tokens


def publishable(
    *texts: str, entities: tuple[str, ...] = (), language: str = "en", spoken: str | None = None, **changes: Any
) -> PublishableTranscript:
    """A transcript with a turn a text, ten seconds each, a word every half second; ``changes`` replace its fields.

    ``spoken``: the words that were recognised where each turn's text has others, also every half second.
    """
    turns = tuple(
        PublishableTurn(
            index=number,
            start=number * 10.0,
            end=number * 10.0 + 10.0,
            speaker=f"SPEAKER_{number % 2:02}",
            language=language,
            text=text,
            confidence=0.9,
            entities=entities,
            topics=("weather",),
            word_starts=tuple(number * 10.0 + place / 2 for place in range(len(tokens(text)))),
            spoken=spoken,
            spoken_starts=tuple(number * 10.0 + place / 2 for place in range(len(tokens(spoken or "")))),
        )
        for number, text in enumerate(texts)
    )
    transcript = PublishableTranscript(
        audio_sha256="a" * 64,
        transcript_id=1,
        version=1,
        source="talks",
        bucket="media",
        key="talks/a.mp3",
        title="A talk",
        language=language,
        recogniser="conformer",
        duration=max(1, len(texts)) * 10.0,
        start=0.0,
        end=max(1, len(texts)) * 10.0,
        published_at=datetime(2026, 1, 2, tzinfo=UTC),
        confidence=0.9 if texts else None,
        needs_review=False,
        metadata={"show": "talks"},
        turns=turns,
    )
    return dataclasses.replace(transcript, **changes)
