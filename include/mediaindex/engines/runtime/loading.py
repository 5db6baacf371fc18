"""A model is loaded at its first use, once for all threads, and so is one that cannot be."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

Loaded = TypeVar("Loaded")


class Once(Generic[Loaded]):
    """What ``load`` gives. Its error is kept as well: each worker of a queue would else wait its turn to fail.

    Not so a MemoryError: there may be memory again.
    """

    def __init__(self, load: Callable[[], Loaded]) -> None:
        self._load = load
        self._lock = Lock()
        self._ready: Loaded | None = None
        self._error: Exception | None = None

    def get(self) -> Loaded:
        """Load, or wait for whoever does."""
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
