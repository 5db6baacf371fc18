"""Loads a model at its first use, once for all threads."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

Loaded = TypeVar("Loaded")


class Once(Generic[Loaded]):
    """The result of ``load``, computed at the first ``get``.

    An error is kept and raised again: otherwise each worker of a queue would load again, only to fail. A MemoryError is
    not kept, as memory may be free the next time.
    """

    def __init__(self, load: Callable[[], Loaded]) -> None:
        self._load = load
        self._lock = Lock()
        self._ready: Loaded | None = None
        self._error: Exception | None = None

    def get(self) -> Loaded:
        """Load, or wait until another thread has loaded. Raises the error of ``load``."""
        with self._lock:
            if self._error:
                raise self._error
            if self._ready is None:
                try:
                    self._ready = self._load()
                except MemoryError:
                    raise
                except Exception as error:
                    self._error = error
                    raise
            return self._ready
