"""What a feed says, as far as we keep it: plain values of bounded length, whatever stood in the feed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class TranscriptLink:
    """A ``podcast:transcript``: where somebody's own transcript lies; ``type`` is its media type."""

    url: str
    type: str
    language: str | None = None
    rel: str | None = None


@dataclass(frozen=True, slots=True)
class Episode:
    """One episode with something to hear; ``guid_sha256`` (hex) is of the guid as it stood in the feed.

    ``length`` is what the feed calls the file's size in bytes; feeds are often wrong there.
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
    """A feed. ``moved_to``: where it says it lies from now on; ``without_media``: entries that hold nothing to hear."""

    title: str
    link: str | None
    language: str | None
    podcast_guid: str | None
    moved_to: str | None
    episodes: tuple[Episode, ...]
    without_media: int = 0
