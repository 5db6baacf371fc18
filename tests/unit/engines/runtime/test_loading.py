from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from mediaindex.engines.runtime.loading import Once
from tests.builders.waiting import SOON_S


class Loading:
    """Raises each of ``errors`` in turn, then returns the number of calls."""

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


def test_a_failed_load_is_not_repeated() -> None:
    load = Loading(ValueError("not a checkpoint"))
    once = Once(load)
    for _ in range(3):
        with pytest.raises(ValueError, match="not a checkpoint"):
            once.get()
    assert load.times == 1


def test_a_memory_error_is_not_kept() -> None:
    once = Once(Loading(MemoryError()))
    with pytest.raises(MemoryError):
        once.get()
    assert once.get() == 2
