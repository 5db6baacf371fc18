"""ETag and Last-Modified: what a server said of a file, to ask whether it is still the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Self

_LONGEST = 500


@dataclass(frozen=True, slots=True)
class Validators:
    """As the server wrote them; None where it sent none."""

    etag: str | None = None
    last_modified: str | None = None

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Self:
        """Of an answer's headers; unreasonably long ones count as none."""
        return cls(_sane(headers.get("etag")), _sane(headers.get("last-modified")))

    @property
    def conditions(self) -> dict[str, str]:
        """Headers that ask for the file only where it has changed."""
        asked = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in asked.items() if value}

    def same_file(self, other: Validators) -> bool | None:
        """Whether two answers were about the same file; None where they do not say.

        Servers that ignore conditions answer an unchanged file in full.
        """
        if self.etag and other.etag:
            return self.etag.removeprefix("W/") == other.etag.removeprefix("W/")
        if self.last_modified and other.last_modified:
            return self.last_modified == other.last_modified
        return None


def if_range(headers: Mapping[str, str]) -> str | None:
    """What makes joining two pieces of a file safe: a strong ETag, or a date that can no longer stand for two files.

    RFC 9110 13.1.5: a date serves when it lies at least a second (we ask for a minute) before the answer's own.
    """
    etag, modified, sent = (headers.get(name) for name in ("etag", "last-modified", "date"))
    if etag:
        return etag if _sane(etag) and not etag.startswith("W/") else None
    if not (modified and sent):
        return None
    try:
        age = (parsedate_to_datetime(sent) - parsedate_to_datetime(modified)).total_seconds()
    except (ValueError, TypeError):
        return None
    return _sane(modified) if age >= 60 else None


def _sane(value: str | None) -> str | None:
    if not value or len(value) > _LONGEST or not value.isascii() or not value.isprintable():
        return None
    return value
