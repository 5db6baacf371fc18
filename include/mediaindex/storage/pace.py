"""How slowly S3 may send an object. A timeout for each read alone is outwitted by one byte now and then.

Speech processes get seconds by the length of their recordings (``orchestration.time_limits``). At this pace a download
fits into them with room to spare, so that a slow network ends as one, and not as a process that counts as stuck.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ReadTimeoutError
from botocore.response import StreamingBody
from urllib3.exceptions import ReadTimeoutError as RawReadTimeoutError

WINDOW_S = 30.0
WINDOW_BYTES = 480 << 10  # in every window: 16 KiB a second; large objects come over four connections at once
PIECE = 256 << 10


class Raw(Protocol):
    """urllib3's response, as far as it is needed here."""

    def read1(self, amt: int) -> bytes | None:
        """What has come, at most ``amt`` bytes; waits only where nothing has."""
        ...

    def close(self) -> None:
        """No more is wanted."""
        ...


class PacedStream:
    """``raw`` with a least pace; only waiting counts, not what is done with the bytes in between.

    Raises urllib3's ReadTimeoutError, which botocore and its transfers treat like any other.
    """

    def __init__(self, raw: Raw, clock: Callable[[], float] = time.monotonic) -> None:
        self._raw = raw
        self._clock = clock
        self._waited_s = 0.0
        self._bytes = 0

    def read(self, amt: int | None = None) -> bytes:
        """``amt`` bytes, fewer only at the end; everything where None."""
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
        """Give the connection back."""
        self._raw.close()

    def _next(self, most: int) -> bytes:
        begun = self._clock()
        piece = self._raw.read1(most) or b""
        self._waited_s += self._clock() - begun
        self._bytes += len(piece)
        if self._bytes >= WINDOW_BYTES:
            self._waited_s, self._bytes = 0.0, 0
        elif piece and self._waited_s > WINDOW_S:
            self.close()  # what is left of the answer must not stand before the next one
            raise RawReadTimeoutError(None, f"{self._bytes} bytes in {self._waited_s:.0f} s", "too slow")  # type: ignore[arg-type]
        return piece


def keep_pace(parsed: dict[str, Any], http_response: Any, **_event: Any) -> None:
    """Hook for botocore's ``after-call``: the body of an answer is read at a least pace."""
    if "Body" in parsed:
        paced: Any = PacedStream(http_response.raw)
        parsed["Body"] = StreamingBody(paced, http_response.headers.get("content-length"))


class NoAnswerError(BotoCoreError):
    """S3 took a request and said nothing, every time. Transfers do not try again what has had its tries."""

    fmt = "it takes requests and does not answer them: {error}"


def give_up_on_silence(exception: Exception, **_event: Any) -> None:
    """Hook for botocore's ``after-call-error``: tries of a transfer and of a request do not multiply into an hour."""
    if isinstance(exception, ReadTimeoutError):
        raise NoAnswerError(error=exception) from exception
