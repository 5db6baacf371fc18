from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from mediaindex.engines.runtime.loading import Once
from tests.builders.waiting import SOON_S


class Loading:
    """Fails with each of ``errors`` in turn, then gives what it counted."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.times = 0

    def __call__(self) -> int:
        self.times += 1
        if self.errors:
            raise self.errors.pop(0)
        return self.times


def test_several_threads_load_once() -> None:
    load = Loading()
    once = Once(load)
    together = threading.Barrier(4)

    def get(_: int) -> int:
        together.wait(timeout=SOON_S)
        return once.get()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(get, range(4))) == [1, 1, 1, 1]


def test_what_cannot_be_loaded_fails_at_once_for_everybody_after() -> None:
    load = Loading(ValueError("not a checkpoint"))
    once = Once(load)
    for _ in range(3):
        with pytest.raises(ValueError, match="not a checkpoint"):
            once.get()
    assert load.times == 1


def test_want_of_memory_is_not_for_ever() -> None:
    once = Once(Loading(MemoryError()))
    with pytest.raises(MemoryError):
        once.get()
    assert once.get() == 2
