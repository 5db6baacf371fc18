"""What is freed goes back to the system, where the C library can be told to."""

from __future__ import annotations

import ctypes
import gc
from contextlib import suppress


def return_freed_memory() -> None:
    """Collect what nobody holds, and the pages under it; where the C library is not glibc, it keeps those as it likes.

    glibc itself returns only what lies above everything else: a model that was let go would stay in the process's
    memory below the next one.
    """
    gc.collect()
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
