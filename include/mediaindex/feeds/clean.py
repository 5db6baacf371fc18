"""Text, numbers and dates from strangers, made harmless: no control signs, bounded, finite, or None."""

from __future__ import annotations

import calendar
import math
import re
import unicodedata
from datetime import UTC, datetime
from time import struct_time
from typing import Any
from urllib.parse import urljoin

TITLE, LINK, GUID, WORD = 500, 4_000, 1_000, 100  # characters
LONGEST_S = 7 * 86_400.0
LARGEST = 1 << 50  # bytes
_JOINERS = "\u200c\u200d"  # Persian and emoji need them; all other format signs (direction overrides) can only mislead
_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,4}):(\d{1,2}(?:\.\d{1,6})?)|(\d{1,7}(?:\.\d{1,6})?)", re.ASCII)


def line(value: Any, limit: int = TITLE) -> str:
    """One line of text; empty where there is none."""
    if not isinstance(value, str):
        return ""
    # Cut before the work, too: a name may be megabytes long.
    text = unicodedata.normalize("NFC", value[: limit * 4])
    kept = "".join(_plain(sign) for sign in text)
    short = " ".join(kept.split())
    return short if len(short) <= limit else short[: limit - 1].rstrip() + "…"


def word(value: Any, limit: int = WORD) -> str | None:
    """A short name without spaces, like a language or media type; None where it is something else."""
    text = line(value, limit + 1).strip().lower()
    return text if re.fullmatch(r"[a-z0-9][a-z0-9_./+-]*", text) and len(text) <= limit else None


def link(value: Any, base: str = "") -> str | None:
    """An http or https address, made whole by ``base``; None for anything else (javascript:, data:, too long)."""
    if not isinstance(value, str) or not value.strip():
        return None
    try:
        text = urljoin(base, value.strip())
    except ValueError:
        return None
    if len(text) > LINK or not text.lower().startswith(("http://", "https://")):
        return None
    return text if text.isprintable() and " " not in text else None


def moment(value: Any) -> datetime | None:
    """A parsed date (UTC) that is one: feeds say year 0 and year 9999."""
    if not isinstance(value, struct_time) or not 1990 <= value.tm_year <= 2100:
        return None
    try:
        return datetime.fromtimestamp(calendar.timegm(value), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def seconds(value: Any) -> float | None:
    """``H:MM:SS``, ``MM:SS`` or seconds, at most a week."""
    found = _CLOCK.fullmatch(line(value, 30))
    if not found:
        return None
    hours, minutes, rest, plain = found.groups()
    total = float(plain) if plain else int(hours or 0) * 3600.0 + int(minutes) * 60.0 + float(rest)
    return total if math.isfinite(total) and 0 < total <= LONGEST_S else None


def size(value: Any) -> int | None:
    """Bytes; None where it is no positive number."""
    text = line(value, 30)
    if not (text.isascii() and text.isdecimal()):
        return None
    number = int(text)
    return number if 0 < number <= LARGEST else None


def _plain(sign: str) -> str:
    kind = unicodedata.category(sign)
    if kind in {"Zl", "Zp", "Zs"} or sign in "\t\n\r":
        return " "
    if kind in {"Cc", "Cs", "Co", "Cn"} or (kind == "Cf" and sign not in _JOINERS):
        return ""
    return sign
