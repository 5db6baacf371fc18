"""Waiting for what can be observed, instead of for time to pass."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

# s; for what happens at once on a quiet machine. Only a failing test waits so long, so it may be far more than enough.
SOON_S = 120.0


def until(what: Callable[[], T | None], within_s: float, wanted: str, every_s: float = 0.05) -> T:
    """The first true answer; TimeoutError naming what was ``wanted``."""
    deadline = time.monotonic() + within_s
    while True:
        if answer := what():
            return answer
        if time.monotonic() > deadline:
            raise TimeoutError(f"{wanted}: not within {within_s:.0f} s")
        time.sleep(every_s)
