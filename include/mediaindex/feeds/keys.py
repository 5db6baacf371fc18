"""Object keys of episodes, decided once; feed content cannot make a key leave its prefix."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from datetime import datetime
from urllib.parse import quote, urlsplit

from .enclosures import ENDINGS
from .show import Episode, Show

_LONGEST = 60
_BY_TYPE = {
    "audio/mpeg": "mp3", "audio/mp3": "mp3", "audio/mp4": "m4a", "audio/x-m4a": "m4a", "audio/aac": "aac",
    "audio/ogg": "ogg", "application/ogg": "ogg", "audio/opus": "opus", "audio/flac": "flac", "audio/wav": "wav",
    "audio/x-wav": "wav", "video/mp4": "mp4", "video/quicktime": "mov", "video/webm": "webm", "audio/webm": "webm",
}  # fmt: skip


def episode_key(prefix: str, feed: str, show: Show, episode: Episode) -> str:
    """``{prefix}{show}/{hash}-{title}.{extension}``; ``feed`` tells feeds with equal guids apart.

    The hash makes the key unique; the words make it readable. The caller stores the key, because titles change.
    """
    digest = hashlib.sha256(f"{feed}\0{episode.guid_sha256}".encode()).hexdigest()[:20]
    return f"{prefix}{safe_name(show.title, 'show')}/{digest}-{safe_name(episode.title, 'episode')}.{_ending(episode)}"


def safe_name(text: str, otherwise: str) -> str:
    """Lower-case ASCII letters and digits, joined by dashes; ``otherwise`` if none are left."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall(r"[a-z0-9]+", plain))[:_LONGEST].strip("-") or otherwise


def labels(show: str, title: str, guid_sha256: str, published_at: datetime | None) -> dict[str, str]:
    """Metadata of the object about its episode: at most 1 KB of the 2 KB that S3 allows, in ASCII."""
    values = {
        "episode-guid-sha256": guid_sha256,
        "episode-published": published_at.isoformat() if published_at else "",
        "episode-title": _quoted(title, 400),
        "episode-show": _quoted(show, 300),
    }
    return {name: value for name, value in values.items() if value}


def _quoted(text: str, limit: int) -> str:
    """Percent-encoded, because metadata headers must be ASCII; cut between characters."""
    quoted = ""
    for character in text:
        if len(quoted) + len(piece := quote(character, safe=" ")) > limit:
            break
        quoted += piece
    return quoted.strip()


def _ending(episode: Episode) -> str:
    try:
        ending = urlsplit(episode.url).path.rpartition(".")[2].lower()
    except ValueError:
        ending = ""
    if ending in ENDINGS:
        return ending
    media_type = episode.media_type or ""
    return media_type if media_type in ENDINGS else _BY_TYPE.get(media_type, "media")
