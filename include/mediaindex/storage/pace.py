"""The minimum pace of S3 downloads. A timeout per read does not detect a server that sends single bytes.

The time limit of a speech process depends on the length of its recordings (``orchestration.time_limits``). A download
at the minimum pace is well within it, so that a slow network is reported as one and not as a stuck process.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ReadTimeoutError
from botocore.response import StreamingBody
from urllib3.exceptions import ReadTimeoutError as RawReadTimeoutError

WINDOW_S = 30.0
WINDOW_BYTES = 480 << 10  # per window: 16 KiB per second; large objects use four connections
PIECE = 256 << 10


class Raw(Protocol):
    """The part of urllib3's response that is used here."""

    def read1(self, amt: int) -> bytes | None:
        """At most ``amt`` bytes that have arrived; waits only if none have."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...


class PacedStream:
    """``raw`` with a minimum pace; only time spent waiting counts, not the time between reads.

    Raises urllib3's ReadTimeoutError, which botocore and its transfers handle as their own.
    """

    def __init__(self, raw: Raw, clock: Callable[[], float] = time.monotonic) -> None:
        self._raw = raw
        self._clock = clock
        self._waited_s = 0.0
        self._bytes = 0

    def read(self, amt: int | None = None) -> bytes:
        """``amt`` bytes, fewer only at the end; all remaining bytes if None."""
        pieces: list[bytes] = []
        left = amt
        while left is None or left > 0:
            piece = self._next(PIECE if left is None else min(left, PIECE))
            if not piece:
                break
            pieces.append(piece)
            left = None if left is None else left - len(piece)
        return b"".join(pieces)

    def close(self) -> None:
        """Close the connection."""
        self._raw.close()

    def _next(self, most: int) -> bytes:
        begun = self._clock()
        piece = self._raw.read1(most) or b""
        self._waited_s += self._clock() - begun
        self._bytes += len(piece)
        if self._bytes >= WINDOW_BYTES:
            self._waited_s, self._bytes = 0.0, 0
        elif piece and self._waited_s > WINDOW_S:
            self.close()  # the rest of the answer must not precede the next answer
            raise RawReadTimeoutError(None, f"{self._bytes} bytes in {self._waited_s:.0f} s", "too slow")  # type: ignore[arg-type]
        return piece


def keep_pace(parsed: dict[str, Any], http_response: Any, **_event: Any) -> None:
    """Hook for botocore's ``after-call``: read the body of an answer with a minimum pace."""
    if "Body" in parsed:
        paced: Any = PacedStream(http_response.raw)
        parsed["Body"] = StreamingBody(paced, http_response.headers.get("content-length"))


class NoAnswerError(BotoCoreError):
    """S3 did not answer a request at any attempt. Transfers do not retry it."""

    fmt = "it accepts requests but does not answer them: {error}"


def give_up_on_silence(exception: Exception, **_event: Any) -> None:
    """Hook for botocore's ``after-call-error``: without it, retries of a transfer and of a request take an hour."""
    if isinstance(exception, ReadTimeoutError):
        raise NoAnswerError(error=exception) from exception
