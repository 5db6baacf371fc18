"""The file of a feed's entry: enclosures and ``media:content``, with the mistakes that players repair."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from . import clean
from .show import LeftOut

ENDINGS = ("mp3", "m4a", "m4b", "aac", "ogg", "oga", "opus", "flac", "wav", "wma", "mp4", "m4v", "mov", "webm", "mkv")
_MEDIA_NAME = re.compile(rf"\.({'|'.join(ENDINGS)})$", re.IGNORECASE)
_OTHER_NAME = re.compile(r"\.(jpe?g|png|gif|webp|svg|pdf|epub|zip|torrent|html?|txt|srt|vtt|json)$", re.IGNORECASE)
_KINDS = ("audio", "video", "application/", "binary/")


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file; ``length``: its size in bytes, ``duration_s``: its length, both as the feed says."""

    url: str
    media_type: str | None
    length: int | None
    duration_s: float | None = None


def enclosure(entry: Mapping[str, Any], base: str) -> Enclosure | LeftOut:
    """The first audio or video file of the entry; why there is none, if there is none."""
    reasons = []
    for named in _named(entry):
        url, media_type = clean.link(named.get("href"), base), clean.word(named.get("type"))
        if url is None:
            reasons.append(LeftOut.BAD_ADDRESS)
        elif not _is_media(url, media_type, named.get("medium")):
            reasons.append(LeftOut.OTHER_TYPE)
        else:
            return Enclosure(url, media_type, clean.size(named.get("length")), clean.seconds(named.get("duration")))
    return min(reasons, default=LeftOut.NO_MEDIA, key=[LeftOut.BAD_ADDRESS, LeftOut.OTHER_TYPE].index)


def _named(entry: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Enclosures, then the contents of Media RSS, except pictures, which text entries have too."""
    yield from entry.get("enclosures") or ()
    contents = [
        {**content, "href": content.get("url"), "length": content.get("filesize")}
        for content in entry.get("media_content") or ()
        if content.get("url") and not _is_picture(content)
    ]
    yield from sorted(contents, key=lambda content: not _is_audio(content))


def _is_picture(content: Mapping[str, Any]) -> bool:
    kind = str(content.get("medium") or content.get("type") or "").lower()
    return kind.startswith("image") or (not kind and bool(_OTHER_NAME.search(_path(str(content.get("url"))))))


def _is_audio(content: Mapping[str, Any]) -> bool:
    return "audio" in {content.get("medium"), str(content.get("type")).partition("/")[0]}


def _is_media(url: str, media_type: str | None, medium: object) -> bool:
    if medium in ("audio", "video") or _MEDIA_NAME.search(_path(url)):
        return True
    if media_type is None:
        return not _OTHER_NAME.search(_path(url))
    return media_type.startswith(_KINDS) or media_type in ENDINGS or media_type.endswith("octet-stream")


def _path(url: str) -> str:
    return re.split("[?#]", url, maxsplit=1)[0]
