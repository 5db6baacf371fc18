"""The content of a feed: plain values of bounded length, whatever the feed contains."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class TranscriptLink:
    """A ``podcast:transcript``: the URL of the publisher's own transcript; ``type`` is its media type."""

    url: str
    type: str
    language: str | None = None
    rel: str | None = None


@dataclass(frozen=True, slots=True)
class Episode:
    """One episode with audio or video; ``guid_sha256`` (hex) is the hash of the guid as the feed writes it.

    ``length``: the file's size in bytes according to the feed, which is often wrong.
    """

    guid: str
    guid_sha256: str
    title: str
    published_at: datetime | None
    duration_s: float | None
    link: str | None
    url: str
    length: int | None
    media_type: str | None
    transcripts: tuple[TranscriptLink, ...] = ()


@dataclass(frozen=True, slots=True)
class Show:
    """A feed. ``moved_to``: its new URL, if it names one; ``without_media``: entries without audio or video."""

    title: str
    link: str | None
    language: str | None
    podcast_guid: str | None
    moved_to: str | None
    episodes: tuple[Episode, ...]
    without_media: int = 0
