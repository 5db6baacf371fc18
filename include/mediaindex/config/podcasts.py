"""The podcast part of a source: its feeds, and limits for collecting them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from .checks import Finding, also, fault, unique
from .rules import Part

_URL = re.compile(r"https?://[^\s/]+\S*")


def _feed(url: str) -> str:
    if not _URL.fullmatch(url):  # the message does not show the URL, which may contain a password
        raise ValueError("is not the URL of a feed; write it as https://example.org/feed.xml")
    return url


def _agrees_with_kind(feeds: Any, info: ValidationInfo) -> Iterator[Finding]:
    kind = info.data.get("kind")
    if kind == "podcast" and not feeds:
        yield (), fault("a source of kind podcast needs feeds; list their addresses")
    if kind == "bucket" and feeds:
        yield (), fault("only a source of kind podcast has feeds; add 'kind: podcast'")


def _network(given: Any) -> Any:
    try:
        return ip_network(given) if isinstance(given, str) else given
    except ValueError as error:
        raise ValueError(f"{error}; write a network such as 10.1.0.0/16") from error


FeedUrl = Annotated[str, Field(max_length=4000), AfterValidator(_feed)]
Network = Annotated[IPv4Network | IPv6Network, BeforeValidator(_network)]
MediaType = Annotated[str, Field(pattern=r"^[a-z]+/([a-z0-9.+-]+)?$")]

MEDIA_TYPES = (
    "audio/",
    "video/",
    "application/ogg",
    "application/mp4",
    "application/octet-stream",  # many hosts use it for all files; normalize checks whether it is media
    "binary/octet-stream",
    "application/force-download",
    "application/x-download",
)


class PodcastLimits(Part):
    """How often feeds are read, and how much is copied. The documentation has the comment above each field."""

    # Minutes between two reads of one feed.
    every_minutes: Annotated[float, Field(ge=1)] = 60.0
    # Episodes published before this day are noted and not copied.
    since: date | None = None
    # For this many days after its publication an episode is requested again daily, in case its file was replaced
    # without a change in the feed. 0 turns this off, for hosts that insert new advertisements into each download.
    recheck_days: Annotated[float, Field(ge=0)] = 7.0
    # Most episodes of one feed that one run copies.
    episodes_per_run: Annotated[int, Field(ge=1, le=1000)] = 20
    # Most further pages of a feed that one read follows, if the feed is divided into pages.
    pages: Annotated[int, Field(ge=0, le=1000)] = 50
    # Most episodes of one feed that are taken within 24 hours: noted, and copied. The rest follows on the next days.
    episodes_per_day: Annotated[int, Field(ge=1, le=100_000)] = 200
    # Most bytes of one feed that are copied within 24 hours.
    bytes_per_day: Annotated[int, Field(ge=1024)] = 20 << 30
    # Most hours of audio of one feed that are copied within 24 hours, estimated by size until they are indexed.
    hours_per_day: Annotated[float, Field(gt=0)] = 200.0
    # A larger feed is refused.
    feed_bytes: Annotated[int, Field(ge=1024, le=256 << 20)] = 16 << 20
    # A larger episode is refused.
    episode_bytes: Annotated[int, Field(ge=1024, le=64 << 30)] = 2 << 30
    # Media types that are copied: one type, or all of a kind with a slash at the end.
    media_types: tuple[MediaType, ...] = MEDIA_TYPES
    # Most redirects of one request: trackers are often put in front of a file, one after the other.
    redirects: Annotated[int, Field(ge=0, le=50)] = 20
    # Private networks that feeds may refer to. None by default, because the author of a feed chooses its addresses.
    # Servers of cloud metadata, such as 169.254.169.254, are refused unless a network is that one address.
    allowed_networks: tuple[Network, ...] = ()


class PodcastPart(Part):
    """The fields of a source whose prefix collects podcasts."""

    # `podcast` collects episodes of `feeds` into the prefix; `bucket` expects uploads.
    kind: Literal["bucket", "podcast"] = "bucket"
    # Addresses of RSS or Atom feeds. A user and a password may be part of the address.
    feeds: Annotated[tuple[FeedUrl, ...], also(unique, _agrees_with_kind), Field(validate_default=True)] = ()
    # How often feeds are read, and which episodes are copied.
    podcast: PodcastLimits = PodcastLimits()
