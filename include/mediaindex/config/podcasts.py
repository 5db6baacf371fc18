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
    """How often and how much.

    ``since``: episodes published before are noted and not copied. ``recheck_days``: for so long after its publication
    an episode is asked for again once a day, in case its file was replaced without a word in the feed; 0 never asks
    (hosts that put fresh advertisements into each download answer with another file every time).
    ``media_types``: a type, or all of a kind with a slash at the end. ``allowed_networks``: private addresses that
    feeds may lead to nevertheless (a host of your own); none by default: whoever writes a feed chooses its addresses.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    every_minutes: Annotated[float, Field(ge=1)] = 60.0
    since: date | None = None
    recheck_days: Annotated[float, Field(ge=0)] = 7.0
    episodes_per_run: Annotated[int, Field(ge=1, le=1000)] = 20
    feed_bytes: Annotated[int, Field(ge=1024, le=256 << 20)] = 16 << 20
    episode_bytes: Annotated[int, Field(ge=1024, le=64 << 30)] = 2 << 30
    media_types: tuple[MediaType, ...] = MEDIA_TYPES
    allowed_networks: tuple[IPv4Network | IPv6Network, ...] = ()


class PodcastPart(BaseModel):
    """What a source has when podcasts are collected into its prefix."""

    kind: Literal["bucket", "podcast"] = "bucket"
    feeds: tuple[FeedUrl, ...] = ()
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
