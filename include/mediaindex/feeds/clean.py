"""Untrusted text, numbers and dates made harmless: without control characters, bounded, finite, or None."""

from __future__ import annotations

import calendar
import math
import re
import unicodedata
from datetime import UTC, datetime
from time import struct_time
from typing import Any
from urllib.parse import quote, urljoin

TITLE, LINK, GUID, WORD = 500, 4_000, 1_000, 100  # characters
LONGEST_S = 7 * 86_400.0
LARGEST = 1 << 50  # bytes
_JOINERS = "\u200c\u200d"  # needed by Persian and emoji; other format characters (direction overrides) only mislead
_HOST = re.compile(r"https?://[^/?#]+", re.IGNORECASE)
_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,4}):(\d{1,2}(?:\.\d{1,6})?)|(\d{1,7}(?:\.\d{1,6})?)", re.ASCII)


def line(value: Any, limit: int = TITLE) -> str:
    """One line of at most ``limit`` characters; empty if ``value`` is not text."""
    if not isinstance(value, str):
        return ""
    # Cut before normalising as well: a name may be megabytes long.
    text = unicodedata.normalize("NFC", value[: limit * 4])
    kept = "".join(_plain(character) for character in text)
    short = " ".join(kept.split())
    return short if len(short) <= limit else short[: limit - 1].rstrip() + "…"


def word(value: Any, limit: int = WORD) -> str | None:
    """A short name without spaces, such as a language or media type; None for anything else."""
    text = line(value, limit + 1).strip().lower()
    return text if re.fullmatch(r"[a-z0-9][a-z0-9_./+-]*", text) and len(text) <= limit else None


def link(value: Any, base: str = "") -> str | None:
    """An http or https URL, resolved against ``base``; None for anything else (javascript:, data:, too long).

    Repaired as browsers do: line breaks removed, backslashes turned, spaces percent-encoded.
    """
    if not isinstance(value, str) or not value.strip():
        return None
    raw, mark, query = re.sub(r"[\t\r\n]", "", value.strip()).partition("?")
    try:
        text = urljoin(base, raw.replace("\\", "/") + mark + query)
    except ValueError:
        return None
    host = _HOST.match(text)
    if len(text) > LINK or host is None or " " in host[0] or not host[0].isprintable():
        return None
    encoded = (
        character if character.isprintable() and character != " " else quote(character, errors="replace")
        for character in text
    )
    repaired = "".join(encoded)
    return repaired if len(repaired) <= LINK else None


def moment(value: Any) -> datetime | None:
    """A parsed date (UTC) between 1990 and 2100, else None: feeds contain years 0 and 9999."""
    if not isinstance(value, struct_time) or not 1990 <= value.tm_year <= 2100:
        return None
    try:
        return datetime.fromtimestamp(calendar.timegm(value), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def seconds(value: Any) -> float | None:
    """Seconds from ``H:MM:SS``, ``MM:SS`` or a number; None if invalid, zero or longer than a week."""
    match = _CLOCK.fullmatch(line(value, 30))
    if not match:
        return None
    hours, minutes, rest, plain = match.groups()
    total = float(plain) if plain else int(hours or 0) * 3600.0 + int(minutes) * 60.0 + float(rest)
    return total if math.isfinite(total) and 0 < total <= LONGEST_S else None


def size(value: Any) -> int | None:
    """Bytes; None if ``value`` is not a positive number."""
    text = line(value, 30)
    if not (text.isascii() and text.isdecimal()):
        return None
    number = int(text)
    return number if 0 < number <= LARGEST else None


def _plain(character: str) -> str:
    category = unicodedata.category(character)
    if category in {"Zl", "Zp", "Zs"} or character in "\t\n\r":
        return " "
    if category in {"Cc", "Cs", "Co", "Cn"} or (category == "Cf" and character not in _JOINERS):
        return ""
    return character
