"""Wait for an observable condition instead of a fixed time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

# Timeout (s) for conditions that hold immediately on an idle machine. Only a failing test waits that long.
SOON_S = 120.0


def until(what: Callable[[], T | None], within_s: float, wanted: str, every_s: float = 0.05) -> T:
    """The first true result of ``what``. TimeoutError, with the text ``wanted``, if there is none within the time."""
    deadline = time.monotonic() + within_s
    while True:
        if answer := what():
            return answer
        if time.monotonic() > deadline:
            raise TimeoutError(f"{wanted}: not within {within_s:.0f} s")
        time.sleep(every_s)
