"""Errors of podcast servers. Errors of S3, PostgreSQL and Elasticsearch are separate classes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpcore

from mediaindex.errors import DoubtfulError, ErrorCode, MediaindexError, TerminalError, TransientError

_SOON = frozenset({408, 425, 429})  # and all of 500
_NEVER = frozenset({410, 451})
_LONGEST_RETRY_AFTER_S = 86_400.0


class WebError(MediaindexError):
    """A feed or episode could not be fetched; ``retry_after_s``: seconds that the server asked to wait."""

    retry_after_s: float | None = None


class RefusedError(WebError, TerminalError):
    """A retry cannot help: the address is forbidden, the answer too large or gone."""


class LaterError(WebError, TransientError):
    """A retry may help: the server is unreachable, busy or slow, or the connection broke."""


class UnexpectedAnswerError(WebError, DoubtfulError):
    """The answer is invalid, possibly for a short time: retried a few times."""


class CutError(LaterError):
    """The connection broke or stalled in the middle of an answer."""


@contextmanager
def web_errors(what: str) -> Iterator[None]:
    """Raise the HTTP library's errors as WebErrors; ``what`` is a URL without secrets."""
    try:
        yield
    except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
        raise LaterError(
            f"{what}: cannot be reached: {error or 'no answer'}; it is retried later", code=ErrorCode.UNREACHABLE
        ) from error
    except (httpcore.NetworkError, httpcore.RemoteProtocolError, httpcore.TimeoutException) as error:
        raise CutError(
            f"{what}: the connection broke: {error or 'timeout'}; it is retried", code=ErrorCode.CUT
        ) from error
    except (httpcore.UnsupportedProtocol, httpcore.ProtocolError) as error:
        raise RefusedError(
            f"{what}: cannot be requested: {error}; check the address", code=ErrorCode.BAD_URL
        ) from error


def of_status(what: str, status: int, headers: Mapping[str, str]) -> WebError:
    """The error for an HTTP status."""
    if status in _SOON or status >= 500:
        later = LaterError(f"{what}: the server answered {status}; it is retried later", code=_code(status))
        later.retry_after_s = _seconds(headers.get("retry-after"))
        return later
    if status in _NEVER:
        return RefusedError(
            f"{what}: the server answered {status}: it was removed; remove it from the sources", code=_code(status)
        )
    return UnexpectedAnswerError(
        f"{what}: the server answered {status}; check the address and the permission to read it", code=_code(status)
    )


def _code(status: int) -> ErrorCode:
    """The code of this status if it is a common one, else of its class."""
    try:
        return ErrorCode(f"http_{status}")
    except ValueError:
        return ErrorCode.HTTP_5XX if status >= 500 else ErrorCode.HTTP_OTHER


def _seconds(retry_after: str | None) -> float | None:
    # The other form, a date, is rare: the default waiting time is used for it.
    if retry_after and retry_after.isascii() and retry_after.isdecimal():
        return min(float(retry_after[:9]), _LONGEST_RETRY_AFTER_S)
    return None
