"""The podcast part of a source: which feeds it collects, and within which limits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from .checks import Finding, also, said, unique
from .rules import Part

_URL = re.compile(r"https?://[^\s/]+\S*")


def _feed(url: str) -> str:
    if not _URL.fullmatch(url):  # not shown: a password may be part of it
        raise ValueError("this is no address of a feed; write it like https://example.org/feed.xml")
    return url


def _agrees_with_kind(feeds: Any, info: ValidationInfo) -> Iterator[Finding]:
    kind = info.data.get("kind")
    if kind == "podcast" and not feeds:
        yield (), said("a source of kind podcast needs feeds; list their addresses")
    if kind == "bucket" and feeds:
        yield (), said("only a source of kind podcast has feeds; add 'kind: podcast'")


def _network(given: Any) -> Any:
    try:
        return ip_network(given) if isinstance(given, str) else given
    except ValueError as error:
        raise ValueError(f"{error}; write a network like 10.1.0.0/16") from error


FeedUrl = Annotated[str, Field(max_length=4000), AfterValidator(_feed)]
Network = Annotated[IPv4Network | IPv6Network, BeforeValidator(_network)]
MediaType = Annotated[str, Field(pattern=r"^[a-z]+/([a-z0-9.+-]+)?$")]

MEDIA_TYPES = (
    "audio/",
    "video/",
    "application/ogg",
    "application/mp4",
    "application/octet-stream",  # what many hosts call any file; whether it is media, discovery's magic number tells
    "binary/octet-stream",
)


class PodcastLimits(Part):
    """How often and how much. The comment above each field is its description in the documentation."""

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
    allowed_networks: tuple[Network, ...] = ()


class PodcastPart(Part):
    """What a source has when podcasts are collected into its prefix."""

    # `podcast` collects episodes of `feeds` into the prefix; `bucket` expects that somebody uploads.
    kind: Literal["bucket", "podcast"] = "bucket"
    # Addresses of RSS or Atom feeds. A user and a password may be part of the address.
    feeds: Annotated[tuple[FeedUrl, ...], also(unique, _agrees_with_kind), Field(validate_default=True)] = ()
    # How often feeds are read, and which episodes are copied.
    podcast: PodcastLimits = PodcastLimits()
