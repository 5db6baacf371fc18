"""Fetch a feed's bytes if they have changed, bounded in size, compressed or not."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Self

from mediaindex.errors import ErrorCode

from .errors import RefusedError, UnexpectedAnswerError
from .web import Answer, Web

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


@dataclass(frozen=True, slots=True)
class FeedBody:
    """``content_type`` as sent; ``url``: after redirects; ``moved_to``: the new URL after permanent redirects only."""

    data: bytes
    content_type: str
    url: str
    moved_to: str | None
    validators: Validators


def fetch_feed(web: Web, url: str, known: Validators, max_bytes: int) -> FeedBody | None:
    """The feed; None if it has not changed. Raises WebError; RefusedError ``too_large`` beyond ``max_bytes``."""
    headers = {"Accept-Encoding": "gzip", **known.conditions}
    with web.get(url, headers) as answer:
        if answer.status == 304:
            return None
        if answer.status != 200:
            raise UnexpectedAnswerError(
                f"{answer.shown}: the server answered {answer.status} to a request without a range",
                code=ErrorCode.HTTP_UNASKED,
            )
        data = b"".join(_bounded(answer, max_bytes))
        validators = Validators.of(answer.headers)
        return FeedBody(data, answer.headers.get("content-type", ""), answer.url, answer.moved_to, validators)


def _bounded(answer: Answer, max_bytes: int) -> Iterator[bytes]:
    size = 0
    for piece in _unpacked(answer, max_bytes):
        size += len(piece)
        if size > max_bytes:
            raise RefusedError(
                f"{answer.shown}: the feed is larger than {max_bytes} bytes; raise the source's feed_bytes to read it",
                code=ErrorCode.TOO_LARGE,
            )
        yield piece


def _unpacked(answer: Answer, max_bytes: int) -> Iterator[bytes]:
    encoding = answer.headers.get("content-encoding", "").lower()
    if encoding in {"", "identity"}:
        yield from answer.chunks
        return
    if encoding not in {"gzip", "x-gzip"}:
        raise UnexpectedAnswerError(
            f"{answer.shown}: the server sent a Content-Encoding that was not requested",
            code=ErrorCode.CONTENT_ENCODING,
        )
    unpacker = zlib.decompressobj(wbits=31)
    try:
        for chunk in answer.chunks:
            # A small answer may unpack to gigabytes of zeros. What remains packed at the limit is never unpacked: the
            # caller has already received one byte too many.
            yield unpacker.decompress(chunk, max_bytes + 1)
    except zlib.error as error:
        raise UnexpectedAnswerError(
            f"{answer.shown}: the gzip data is damaged", code=ErrorCode.CONTENT_ENCODING
        ) from error
    if not unpacker.eof:
        raise UnexpectedAnswerError(f"{answer.shown}: the gzip data is truncated", code=ErrorCode.CONTENT_ENCODING)
