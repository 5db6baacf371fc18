"""ETag and Last-Modified: HTTP validators, to ask a server whether a file has changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Self

_LONGEST = 500


@dataclass(frozen=True, slots=True)
class Validators:
    """As the server sent them; None if missing."""

    etag: str | None = None
    last_modified: str | None = None

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Self:
        """From the headers of an answer; invalid or very long values count as missing."""
        return cls(_valid(headers.get("etag")), _valid(headers.get("last-modified")))

    @property
    def conditions(self) -> dict[str, str]:
        """Headers that request the file only if it has changed."""
        headers = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in headers.items() if value}

    def same_file(self, other: Validators) -> bool | None:
        """Whether two answers are about the same version of a file; None if unknown.

        Servers that ignore conditions send an unchanged file in full.
        """
        if self.etag and other.etag:
            return self.etag.removeprefix("W/") == other.etag.removeprefix("W/")
        if self.last_modified and other.last_modified:
            return self.last_modified == other.last_modified
        return None


def if_range(headers: Mapping[str, str]) -> str | None:
    """The validator that makes joining two pieces of a file safe: a strong ETag, or a date; None if neither is.

    RFC 9110 13.1.5: a date is safe if it is at least a second (here: a minute) before the date of the answer.
    """
    etag, modified, sent = (headers.get(name) for name in ("etag", "last-modified", "date"))
    if etag:
        return etag if _valid(etag) and not etag.startswith("W/") else None
    if not (modified and sent):
        return None
    try:
        age = (parsedate_to_datetime(sent) - parsedate_to_datetime(modified)).total_seconds()
    except (ValueError, TypeError):
        return None
    return _valid(modified) if age >= 60 else None


def _valid(value: str | None) -> str | None:
    if not value or len(value) > _LONGEST or not value.isascii() or not value.isprintable():
        return None
    return value
