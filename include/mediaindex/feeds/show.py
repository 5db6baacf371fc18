"""The content of a feed: plain values of bounded length, whatever the feed contains."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


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


class LeftOut(StrEnum):
    """Why something that a feed names is not an episode. The values are stored in the catalog."""

    NO_MEDIA = "without_media"
    BAD_ADDRESS = "bad_address"
    OTHER_TYPE = "other_type"
    REPEATED = "repeated"
    TOO_MANY = "too_many"
    NEXT_PAGES = "next_pages"
    UNREADABLE_PAGES = "unreadable_pages"


@dataclass(frozen=True, slots=True)
class Show:
    """A feed. ``moved_to``: its new URL, if it names one; ``next_page``: where it continues.

    ``left_out``: numbers of entries, or of pages, that are not among the episodes, by reason.
    """

    title: str
    link: str | None
    language: str | None
    podcast_guid: str | None
    moved_to: str | None
    episodes: tuple[Episode, ...]
    next_page: str | None = None
    left_out: dict[LeftOut, int] = field(default_factory=dict)
