"""Parse RSS and Atom by feedparser, in a separate process: ``python -m mediaindex.feeds.parse``.

Reads a line of JSON (``url``, ``content_type``, ``memory_bytes``, ``cpu_seconds``) and the feed's bytes from standard
input; writes a ``Show`` as JSON to standard output.

The process has limits on memory and time, because for a lenient parser a small input can be expensive: the worst feed
costs one child process. Entities are refused (no feed needs them, and feedparser's lenient parser expands them without
a limit). feedparser gets a stream, because it would open text or bytes that look like a URL or a file name.
"""

from __future__ import annotations

import hashlib
import io
import json
import resource
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from . import clean
from .addresses import addresses
from .enclosures import enclosure
from .show import Episode, LeftOut, Show, TranscriptLink

MOST_EPISODES = 10_000
MOST_TRANSCRIPTS = 10
NOT_A_FEED, ENTITIES = 10, 12  # exit codes
_PODCAST = "https://podcastindex.org/namespace/1.0"
_ENTITY = b"<!entity"


def parse(data: bytes, content_type: str, url: str) -> Show | None:
    """The show; None if the data is neither RSS nor Atom. Relative links are resolved against ``url``."""
    import feedparser

    _keep_every_transcript()
    # feedparser does not get the feed's URL: it would resolve guids against it, and they would change with the URL.
    headers = {"content-type": content_type}
    parsed = feedparser.parse(
        io.BytesIO(data), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
    )
    if not parsed.get("version") and not parsed.entries:
        return None
    left_out = Counter({LeftOut.TOO_MANY: len(parsed.entries[MOST_EPISODES:])})
    found = [_episode(entry, url) for entry in parsed.entries[:MOST_EPISODES]]
    left_out.update(one for one in found if isinstance(one, LeftOut))
    listed = [one for one in found if isinstance(one, Episode)]
    episodes = _told_apart(listed)
    left_out[LeftOut.REPEATED] = len(listed) - len(episodes)
    return Show(
        title=clean.line(parsed.feed.get("title")),
        link=clean.link(parsed.feed.get("link"), url),
        language=clean.word(parsed.feed.get("language"), 20),
        podcast_guid=clean.word(parsed.feed.get("podcast_guid")),
        moved_to=clean.link(parsed.feed.get("itunes_new-feed-url") or parsed.feed.get("newlocation")),
        episodes=tuple(episodes),
        next_page=_next_page(parsed.feed, url),
        left_out={reason: count for reason, count in left_out.items() if count},
    )


def has_entities(data: bytes, content_type: str = "") -> bool:
    """Whether the data declares an XML entity: as it is, and as the parser decodes it (UTF-7, EBCDIC and others)."""
    from feedparser.encodings import convert_to_utf8

    decoded = convert_to_utf8({"content-type": content_type}, data, {"bozo": False})
    return any(_ENTITY in text.replace(b"\x00", b"").lower() for text in (data, decoded))


def _told_apart(listed: list[Episode]) -> list[Episode]:
    """Each file once. If a guid stands at several files, their guids are told apart by the address."""
    own = addresses(episode.url for episode in listed)
    files: defaultdict[str, set[str]] = defaultdict(set)
    for episode in listed:
        files[episode.guid_sha256].add(own[episode.url])
    once: dict[tuple[str, str], Episode] = {}
    for episode in listed:
        address = own[episode.url]
        if len(files[episode.guid_sha256]) > 1:
            told = hashlib.sha256(f"{episode.guid_sha256}\0{address}".encode()).hexdigest()
            once.setdefault((told, address), replace(episode, guid_sha256=told))
        else:
            once.setdefault((episode.guid_sha256, address), episode)
    return list(once.values())


def _next_page(feed: Mapping[str, Any], base: str) -> str | None:
    """Where a paged feed continues, or where the older part of an archived one is (RFC 5005)."""
    links = {link.get("rel"): link.get("href") for link in reversed(feed.get("links") or [])}
    return clean.link(links.get("next") or links.get("prev-archive"), base)


def _episode(entry: Mapping[str, Any], base: str) -> Episode | LeftOut:
    media = enclosure(entry, base)
    if isinstance(media, LeftOut):
        return media
    raw = entry.get("id")
    # Without a guid the URL of the file identifies the episode, without its query, which may change every day.
    guid = raw.strip() if isinstance(raw, str) and raw.strip() else media.url.partition("?")[0]
    return Episode(
        guid=clean.line(guid, clean.GUID),
        guid_sha256=hashlib.sha256(guid.encode("utf-8", "replace")).hexdigest(),
        title=clean.line(entry.get("title")),
        published_at=clean.moment(entry.get("published_parsed")) or clean.moment(entry.get("updated_parsed")),
        duration_s=clean.seconds(entry.get("itunes_duration")) or media.duration_s,
        link=clean.link(entry.get("link"), base),
        url=media.url,
        length=media.length,
        media_type=media.media_type,
        transcripts=_transcripts(entry, base),
    )


def _transcripts(entry: Mapping[str, Any], base: str) -> tuple[TranscriptLink, ...]:
    links = []
    for element in (entry.get("podcast_transcripts") or ())[:MOST_TRANSCRIPTS]:
        url, media_type = clean.link(element.get("url"), base), clean.word(element.get("type"))
        if url and media_type:
            language, rel = clean.word(element.get("language"), 20), clean.word(element.get("rel"))
            links.append(TranscriptLink(url, media_type, language, rel))
    return tuple(links)


def _keep_every_transcript() -> None:
    # feedparser does not support the podcast namespace; of repeated unknown elements it keeps only the last.
    from feedparser.mixin import _FeedParserMixin

    def start(self: Any, attributes: Mapping[str, str]) -> None:
        self._get_context().setdefault("podcast_transcripts", []).append(dict(attributes))

    _FeedParserMixin.namespaces[_PODCAST] = "podcast"
    _FeedParserMixin._start_podcast_transcript = start


def main() -> int:
    """The exit code: 0 after a show was written, else NOT_A_FEED or ENTITIES."""
    about = json.loads(sys.stdin.buffer.readline())
    for what, limit in ((resource.RLIMIT_AS, about["memory_bytes"]), (resource.RLIMIT_CPU, about["cpu_seconds"])):
        resource.setrlimit(what, (limit, limit))
    data = sys.stdin.buffer.read()
    if has_entities(data, about["content_type"]):
        return ENTITIES
    show = parse(data, about["content_type"], about["url"])
    if show is None:
        return NOT_A_FEED
    sys.stdout.write(json.dumps(asdict(show), default=lambda moment: moment.isoformat()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
