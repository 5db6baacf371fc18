"""How slow a podcast server may be. A server can evade a timeout per read by sending single bytes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import httpcore


@dataclass(frozen=True, slots=True)
class WebLimits:
    """Seconds and bytes for one request.

    Only time spent waiting for the server counts, not the time between reads (storing a part may be slow). An answer
    may take ``whole_s`` in total and must deliver ``window_bytes`` in every ``window_s``: 4 KiB per second by default,
    half the bit rate of the most compressed speech that is published.
    """

    connect_s: float = 10.0
    silence_s: float = 30.0
    head_s: float = 30.0
    window_s: float = 60.0
    window_bytes: int = 240 << 10
    whole_s: float = 3_600.0
    redirects: int = 5


class Pace:
    """The clock of one request: call ``left`` before each wait and ``waited`` after it."""

    def __init__(self, limits: WebLimits, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._clock = clock
        self._in_head = True
        self._whole = self._window = 0.0
        self._bytes = 0

    def begin_body(self) -> None:
        """Start to count the body."""
        self._in_head = False
        self._window, self._bytes = 0.0, 0

    def left(self) -> float:
        """Seconds that the next wait may take. Raises ReadTimeout if none are left."""
        limits = self._limits
        ends = [limits.silence_s, limits.whole_s - self._whole]
        ends.append((limits.head_s if self._in_head else limits.window_s) - self._window)
        if min(ends) <= 0:
            raise httpcore.ReadTimeout(f"too slow: {self._bytes} bytes in {self._window:.0f} s")
        return min(ends)

    def waited(self, seconds: float, received: int = 0) -> None:
        """Count a wait of ``seconds`` that received ``received`` bytes."""
        self._whole += seconds
        self._window += seconds
        self._bytes += received
        if not self._in_head and self._bytes >= self._limits.window_bytes:
            self._window, self._bytes = 0.0, 0

    def now(self) -> float:
        """The clock, in seconds."""
        return self._clock()
