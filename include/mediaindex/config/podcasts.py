"""The podcast part of a source: which feeds it collects, and within which limits."""

from __future__ import annotations

from datetime import date
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

FeedUrl = Annotated[str, Field(pattern=r"^https?://[^\s\x00-\x1f]+$", max_length=4000)]
MediaType = Annotated[str, Field(pattern=r"^[a-z]+/([a-z0-9.+-]+)?$")]

MEDIA_TYPES = (
    "audio/",
    "video/",
    "application/ogg",
    "application/mp4",
    "application/octet-stream",  # what many hosts call any file; whether it is media, discovery's magic number tells
    "binary/octet-stream",
)


class PodcastLimits(BaseModel):
    """How often and how much. The comment above each field is its description in the documentation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    # Minutes between two reads of one feed.
    every_minutes: Annotated[float, Field(ge=1)] = 60.0
    # Episodes published before this day are noted and not copied.
    since: date | None = None
    # For so many days after its publication an episode is requested again once a day, in case its file was replaced
    # without a change in the feed. 0 never asks: hosts that put fresh advertisements into each download always differ.
    recheck_days: Annotated[float, Field(ge=0)] = 7.0
    # Episodes of one feed that one run copies at most.
    episodes_per_run: Annotated[int, Field(ge=1, le=1000)] = 20
    # A larger feed is refused.
    feed_bytes: Annotated[int, Field(ge=1024, le=256 << 20)] = 16 << 20
    # A larger episode is refused.
    episode_bytes: Annotated[int, Field(ge=1024, le=64 << 30)] = 2 << 30
    # Media types that are copied: one type, or all of a kind with a slash at the end.
    media_types: tuple[MediaType, ...] = MEDIA_TYPES
    # Private networks that feeds may lead to. None by default: whoever writes a feed chooses its addresses.
    allowed_networks: tuple[IPv4Network | IPv6Network, ...] = ()


class PodcastPart(BaseModel):
    """What a source has when podcasts are collected into its prefix."""

    # `podcast` collects episodes of `feeds` into the prefix; `bucket` expects that somebody uploads.
    kind: Literal["bucket", "podcast"] = "bucket"
    # Addresses of RSS or Atom feeds. A user and a password may be part of the address.
    feeds: tuple[FeedUrl, ...] = ()
    # How often feeds are read, and which episodes are copied.
    podcast: PodcastLimits = PodcastLimits()

    @model_validator(mode="after")
    def _kind_and_feeds_agree(self) -> Self:
        if (self.kind == "podcast") != bool(self.feeds):
            raise ValueError("a source of kind podcast has feeds, and only such a one: write both or neither")
        if len(set(self.feeds)) != len(self.feeds):
            raise ValueError("the same feed is listed twice")
        if self.feeds and "{" in getattr(self, "prefix", ""):
            raise ValueError("a podcast's episodes keep their keys for ever: its prefix can hold no date")
        return self
