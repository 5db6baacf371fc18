"""Fetch a feed's bytes if they have changed, bounded in size, compressed or not."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from mediaindex.errors import ErrorCode

from .errors import RefusedError, UnexpectedAnswerError
from .validators import Validators
from .web import Answer, Web


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
