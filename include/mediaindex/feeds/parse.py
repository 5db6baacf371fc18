"""RSS and Atom by feedparser, in a process of its own: ``python -m mediaindex.feeds.parse``.

Reads a line of JSON (``url``, ``content_type``, ``memory_bytes``, ``cpu_seconds``) and the feed's bytes from its input,
writes a ``Show`` as JSON.

A process of its own, with limits on memory and time, because a parser of everything that was ever called a feed has
corners where little input costs much: this way the worst feed costs one child. Beyond that, entities are refused
outright (no feed needs them, and the lenient half of feedparser expands them without a limit), and feedparser only ever
gets a stream: text or bytes that look like an address or a file name it would open.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import resource
import sys
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from . import clean
from .show import Episode, Show, TranscriptLink

MOST_EPISODES = 10_000
MOST_TRANSCRIPTS = 10
NOT_A_FEED, ENTITIES = 10, 12  # exit codes
_PODCAST = "https://podcastindex.org/namespace/1.0"
_MEDIA_NAME = re.compile(r"\.(mp3|m4a|m4b|aac|ogg|oga|opus|flac|wav|wma|mp4|m4v|mov|webm|mkv)$", re.IGNORECASE)


def parse(data: bytes, content_type: str, url: str) -> Show | None:
    """What the feed says; None where it is none. ``url`` completes relative addresses."""
    import feedparser

    _keep_every_transcript()
    # It is not told where the feed lies: it would complete guids, which are names, and rename them when the feed moves.
    headers = {"content-type": content_type}
    found = feedparser.parse(
        io.BytesIO(data), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
    )
    if not found.get("version") and not found.entries:
        return None
    entries = found.entries[:MOST_EPISODES]
    heard = [one for entry in entries if (one := _episode(entry, url))]
    episodes = {one.guid_sha256: one for one in reversed(heard)}
    return Show(
        title=clean.line(found.feed.get("title")),
        link=clean.link(found.feed.get("link"), url),
        language=clean.word(found.feed.get("language"), 20),
        podcast_guid=clean.word(found.feed.get("podcast_guid")),
        moved_to=clean.link(found.feed.get("itunes_new-feed-url") or found.feed.get("newlocation")),
        episodes=tuple(reversed(episodes.values())),  # of two with one guid the one that stands first: the newest
        without_media=len(entries) - len(heard),
    )


def has_entities(data: bytes) -> bool:
    """Whether an entity is declared, in whatever width the signs are written."""
    return b"<!entity" in data.replace(b"\x00", b"").lower()


def _episode(entry: Mapping[str, Any], base: str) -> Episode | None:
    enclosure = next((found for one in entry.get("enclosures") or () if (found := _medium(one, base))), None)
    if enclosure is None:
        return None
    url, media_type, length = enclosure
    raw = entry.get("id")
    # Without a guid the file's address is the best name there is; its query may change every day.
    guid = raw.strip() if isinstance(raw, str) and raw.strip() else url.partition("?")[0]
    return Episode(
        guid=clean.line(guid, clean.GUID),
        guid_sha256=hashlib.sha256(guid.encode("utf-8", "replace")).hexdigest(),
        title=clean.line(entry.get("title")),
        published_at=clean.moment(entry.get("published_parsed")) or clean.moment(entry.get("updated_parsed")),
        duration_s=clean.seconds(entry.get("itunes_duration")),
        link=clean.link(entry.get("link"), base),
        url=url,
        length=length,
        media_type=media_type,
        transcripts=_transcripts(entry, base),
    )


def _medium(enclosure: Mapping[str, Any], base: str) -> tuple[str, str | None, int | None] | None:
    """Address, type and length of an enclosure that may be heard: pictures and texts may not."""
    url = clean.link(enclosure.get("href"), base)
    if url is None:
        return None
    media_type = clean.word(enclosure.get("type"))
    named = _MEDIA_NAME.search(url.partition("?")[0])
    if media_type and not media_type.startswith(("audio/", "video/", "application/")) and not named:
        return None
    return url, media_type, clean.size(enclosure.get("length"))


def _transcripts(entry: Mapping[str, Any], base: str) -> tuple[TranscriptLink, ...]:
    links = []
    for one in (entry.get("podcast_transcripts") or ())[:MOST_TRANSCRIPTS]:
        url, kind = clean.link(one.get("url"), base), clean.word(one.get("type"))
        if url and kind:
            links.append(TranscriptLink(url, kind, clean.word(one.get("language"), 20), clean.word(one.get("rel"))))
    return tuple(links)


def _keep_every_transcript() -> None:
    # feedparser knows no podcast namespace, and of several elements of an unknown one it keeps the last.
    from feedparser.mixin import _FeedParserMixin

    def start(self: Any, attributes: Mapping[str, str]) -> None:
        self._get_context().setdefault("podcast_transcripts", []).append(dict(attributes))

    _FeedParserMixin.namespaces[_PODCAST] = "podcast"
    _FeedParserMixin._start_podcast_transcript = start


def main() -> int:
    """Exit code 0: a show is on the output; NOT_A_FEED and ENTITIES otherwise."""
    about = json.loads(sys.stdin.buffer.readline())
    for what, limit in ((resource.RLIMIT_AS, about["memory_bytes"]), (resource.RLIMIT_CPU, about["cpu_seconds"])):
        resource.setrlimit(what, (limit, limit))
    data = sys.stdin.buffer.read()
    if has_entities(data):
        return ENTITIES
    show = parse(data, about["content_type"], about["url"])
    if show is None:
        return NOT_A_FEED
    sys.stdout.write(json.dumps(asdict(show), default=lambda moment: moment.isoformat()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
