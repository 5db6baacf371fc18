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
    entries = parsed.entries[:MOST_EPISODES]
    with_media = [episode for entry in entries if (episode := _episode(entry, url))]
    episodes = {episode.guid_sha256: episode for episode in reversed(with_media)}
    return Show(
        title=clean.line(parsed.feed.get("title")),
        link=clean.link(parsed.feed.get("link"), url),
        language=clean.word(parsed.feed.get("language"), 20),
        podcast_guid=clean.word(parsed.feed.get("podcast_guid")),
        moved_to=clean.link(parsed.feed.get("itunes_new-feed-url") or parsed.feed.get("newlocation")),
        episodes=tuple(reversed(episodes.values())),  # of two entries with the same guid the first, which is the newest
        without_media=len(entries) - len(with_media),
    )


def has_entities(data: bytes) -> bool:
    """Whether the data declares an XML entity, in any encoding of 8, 16 or 32 bits."""
    return b"<!entity" in data.replace(b"\x00", b"").lower()


def _episode(entry: Mapping[str, Any], base: str) -> Episode | None:
    media = next((medium for link in entry.get("enclosures") or () if (medium := _medium(link, base))), None)
    if media is None:
        return None
    url, media_type, length = media
    raw = entry.get("id")
    # Without a guid the URL of the file identifies the episode, without its query, which may change every day.
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
    """URL, media type and length in bytes of an enclosure; None if it is neither audio nor video."""
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
    if has_entities(data):
        return ENTITIES
    show = parse(data, about["content_type"], about["url"])
    if show is None:
        return NOT_A_FEED
    sys.stdout.write(json.dumps(asdict(show), default=lambda moment: moment.isoformat()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
