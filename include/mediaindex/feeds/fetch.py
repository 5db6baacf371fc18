"""A feed's bytes, if they have changed: bounded in size, also when they come compressed."""

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
    """``content_type`` as sent; ``url``: where it came from in the end; ``moved_to``: where it lies from now on."""

    data: bytes
    content_type: str
    url: str
    moved_to: str | None
    validators: Validators


def fetch_feed(web: Web, url: str, known: Validators, max_bytes: int) -> FeedBody | None:
    """The feed; None where it is as it was. Raises WebErrors; RefusedError ``too_large`` beyond ``max_bytes``."""
    headers = {"Accept-Encoding": "gzip", **known.conditions}
    with web.get(url, headers) as answer:
        if answer.status == 304:
            return None
        if answer.status != 200:
            raise UnexpectedAnswerError(
                f"{answer.shown}: answers {answer.status} to a plain request", code=ErrorCode.HTTP_UNASKED
            )
        data = b"".join(_bounded(answer, max_bytes))
        found = Validators.of(answer.headers)
        return FeedBody(data, answer.headers.get("content-type", ""), answer.url, answer.moved_to, found)


def _bounded(answer: Answer, max_bytes: int) -> Iterator[bytes]:
    size = 0
    for piece in _unpacked(answer, max_bytes):
        size += len(piece)
        if size > max_bytes:
            raise RefusedError(
                f"{answer.shown}: a feed of more than {max_bytes} bytes; raise feed_bytes if that is meant",
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
            f"{answer.shown}: comes encoded in a way nobody asked for", code=ErrorCode.CONTENT_ENCODING
        )
    unpacker = zlib.decompressobj(wbits=31)
    try:
        for chunk in answer.chunks:
            # A small answer may hold gigabytes of zeros. What is left over when the limit cuts is never asked for:
            # the reader has already had a byte too many.
            yield unpacker.decompress(chunk, max_bytes + 1)
    except zlib.error as error:
        raise UnexpectedAnswerError(
            f"{answer.shown}: its compression is damaged", code=ErrorCode.CONTENT_ENCODING
        ) from error
    if not unpacker.eof:
        raise UnexpectedAnswerError(f"{answer.shown}: its compression ends too early", code=ErrorCode.CONTENT_ENCODING)
