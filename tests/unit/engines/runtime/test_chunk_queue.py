from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from mediaindex.engines.runtime.chunk_queue import ChunkQueue
from tests.builders.waiting import SOON_S, until


class Worker:
    """Doubles numbers and records the batches, once ``may_work`` is set. Raises ValueError for negative numbers."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.may_work = threading.Event()
        self.entered = threading.Event()

    def __call__(self, batch: Sequence[int]) -> list[int]:
        self.batches.append(list(batch))
        self.entered.set()
        assert self.may_work.wait(SOON_S)
        if any(number < 0 for number in batch):
            raise ValueError(f"negative {[number for number in batch if number < 0]}")
        return [2 * number for number in batch]


@pytest.fixture
def worker() -> Worker:
    return Worker()


def queue_of(work: Callable[[Sequence[int]], Sequence[int]], **options: Any) -> ChunkQueue[int, int]:
    return ChunkQueue(work, **({"workers": 1} | options))


def run(queue: ChunkQueue[int, int], *numbers: int) -> list[int]:
    return queue.run(numbers, [abs(number) for number in numbers])


def wait_until_waiting(queue: ChunkQueue[int, int], pieces: int) -> None:
    until(lambda: len(queue._heap) == pieces, SOON_S, f"{pieces} pieces that wait", every_s=0.001)


def test_results_come_in_the_order_of_the_items(worker: Worker) -> None:
    worker.may_work.set()
    assert run(queue_of(worker, workers=3), 3, 1, 2) == [6, 2, 4]
    assert run(queue_of(worker)) == []


def test_the_longest_piece_of_all_callers_is_taken_first(worker: Worker) -> None:
    queue = queue_of(worker)
    with ThreadPoolExecutor() as callers:
        first = callers.submit(run, queue, 9)
        assert worker.entered.wait(SOON_S)
        others = [callers.submit(run, queue, 1, 7), callers.submit(run, queue, 5, 8)]
        wait_until_waiting(queue, 4)
        worker.may_work.set()
        assert [future.result(SOON_S) for future in [first, *others]] == [[18], [2, 14], [10, 16]]
    assert worker.batches == [[9], [8], [7], [5], [1]]


def test_batches_hold_pieces_of_similar_size_from_all_callers(worker: Worker) -> None:
    queue = queue_of(worker, batch=2)
    with ThreadPoolExecutor() as callers:
        first = callers.submit(run, queue, 9)
        assert worker.entered.wait(SOON_S)
        others = [callers.submit(run, queue, 1, 7), callers.submit(run, queue, 2, 8)]
        wait_until_waiting(queue, 4)
        worker.may_work.set()
        assert [future.result(SOON_S) for future in [first, *others]] == [[18], [2, 14], [4, 16]]
    assert worker.batches == [[9], [8, 7], [2, 1]]


def test_an_error_in_a_shared_batch_reaches_only_its_caller(worker: Worker) -> None:
    queue = queue_of(worker, batch=4)
    with ThreadPoolExecutor() as callers:
        first = callers.submit(run, queue, 9)
        assert worker.entered.wait(SOON_S)
        failing, sound = callers.submit(run, queue, -7, 6), callers.submit(run, queue, 5, 8)
        wait_until_waiting(queue, 4)
        worker.may_work.set()
        assert (first.result(SOON_S), sound.result(SOON_S)) == ([18], [10, 16])
        with pytest.raises(ValueError, match=r"negative \[-7\]"):
            failing.result(SOON_S)
    assert run(queue, 3) == [6]


def test_after_an_error_the_rest_of_the_call_is_not_begun(worker: Worker) -> None:
    worker.may_work.set()
    queue = queue_of(worker, capacity=1)
    with pytest.raises(ValueError, match="negative"):
        run(queue, -100, *range(1, 50))
    assert sum(map(len, worker.batches)) < 50


def test_no_more_pieces_wait_than_the_capacity(worker: Worker) -> None:
    queue = queue_of(worker, capacity=2)
    waiting: list[int] = []

    def work(batch: Sequence[int]) -> list[int]:
        waiting.append(len(queue._heap))
        return [2 * number for number in batch]

    queue._work = work
    with ThreadPoolExecutor() as callers:
        futures = [callers.submit(run, queue, *range(1, 20)) for _ in range(3)]
        assert all(future.result(SOON_S) == [2 * number for number in range(1, 20)] for future in futures)
    assert max(waiting) <= 2


def test_the_worker_is_freed_with_the_queue() -> None:
    worker = Worker()
    worker.may_work.set()
    queue = queue_of(worker, workers=2)
    assert run(queue, 1, 2) == [2, 4]
    gone = weakref.ref(worker)
    del queue, worker
    gc.collect()
    assert gone() is None
