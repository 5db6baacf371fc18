"""What can go wrong with somebody else's server. Errors of our own servers never look like these."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpcore

from mediaindex.errors import DoubtfulError, ErrorCode, MediaindexError, TerminalError, TransientError

_SOON = frozenset({408, 425, 429})  # and all of 500
_NEVER = frozenset({410, 451})
_LONGEST_RETRY_AFTER_S = 86_400.0


class WebError(MediaindexError):
    """A feed or episode that could not be had; ``retry_after_s``: seconds that its server asked us to wait."""

    retry_after_s: float | None = None


class RefusedError(WebError, TerminalError):
    """Asking again cannot help: a forbidden address, too large, not media."""


class LaterError(WebError, TransientError):
    """It may come in a while: the server is away, busy, slow, or the connection broke."""


class UnexpectedAnswerError(WebError, DoubtfulError):
    """An answer that makes no sense, and may be a mistake of the moment: tried a few times."""


class CutError(LaterError):
    """The connection broke or stalled in the middle of an answer."""


@contextmanager
def web_errors(what: str) -> Iterator[None]:
    """Raise the HTTP library's errors of the block as ours; ``what`` is a URL that may be shown."""
    try:
        yield
    except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
        raise LaterError(
            f"{what}: cannot be reached: {error or 'no answer'}; it is tried again later", code=ErrorCode.UNREACHABLE
        ) from error
    except (httpcore.NetworkError, httpcore.RemoteProtocolError, httpcore.TimeoutException) as error:
        raise CutError(
            f"{what}: the connection broke: {error or 'silence'}; it is tried again", code=ErrorCode.CUT
        ) from error
    except (httpcore.UnsupportedProtocol, httpcore.ProtocolError) as error:
        raise RefusedError(
            f"{what}: cannot be asked for: {error}; check the address", code=ErrorCode.BAD_URL
        ) from error


def of_status(what: str, status: int, headers: Mapping[str, str]) -> WebError:
    """The error that an HTTP status means."""
    if status in _SOON or status >= 500:
        later = LaterError(f"{what}: answers {status}; it is tried again later", code=_code(status))
        later.retry_after_s = _seconds(headers.get("retry-after"))
        return later
    if status in _NEVER:
        return RefusedError(f"{what}: answers {status}: it is gone for good", code=_code(status))
    return UnexpectedAnswerError(
        f"{what}: answers {status}; check the address, and whether we may read it", code=_code(status)
    )


def _code(status: int) -> ErrorCode:
    """The status's own code if it is a common one."""
    try:
        return ErrorCode(f"http_{status}")
    except ValueError:
        return ErrorCode.HTTP_5XX if status >= 500 else ErrorCode.HTTP_OTHER


def _seconds(retry_after: str | None) -> float | None:
    # The other form, a date, is rare: our own waiting time serves there.
    if retry_after and retry_after.isascii() and retry_after.isdecimal():
        return min(float(retry_after[:9]), _LONGEST_RETRY_AFTER_S)
    return None
