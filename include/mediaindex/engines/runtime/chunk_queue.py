"""A queue of work shared by several callers: the longest piece first, with batches across callers.

A caller adds its pieces and waits for its own results. Pieces of several recordings thus share all workers, and no long
piece is left to the end, when the other workers would be idle.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

CAPACITY = 256  # waiting pieces; at 28 s each, at most 460 MB of samples


@dataclass(slots=True, eq=False)
class _Call(Generic[Result]):
    """A call of ``run``; ``left`` counts its pieces without a result."""

    results: list[Result | None]
    left: int
    error: Exception | None = None
    error_at: int = 0


@dataclass(slots=True, order=True)
class _Piece(Generic[Item, Result]):
    """An item in the queue; the longest comes first, of equal ones the oldest."""

    shorter: float
    number: int
    item: Item = field(compare=False)
    call: _Call[Result] = field(compare=False)
    place: int = field(compare=False)


class ChunkQueue(Generic[Item, Result]):
    """A pool of workers, each of which takes up to ``batch`` pieces of similar size at a time.

    ``work`` returns one result per item of a batch. It runs in ``workers`` threads at once and must be safe for that.
    The threads start with the first call and end when the queue is no longer referenced, so that the owner of ``work``,
    usually a model, can be freed.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Item]], Sequence[Result]],
        *,
        workers: int,
        batch: int = 1,
        capacity: int = CAPACITY,
        name: str = "chunks",
    ) -> None:
        self._work = work
        self._batch = batch
        self._capacity = capacity
        self._workers = ThreadPoolExecutor(workers, thread_name_prefix=name)
        self._heap: list[_Piece[Item, Result]] = []
        self._changed = threading.Condition()
        self._numbers = 0

    def run(self, items: Sequence[Item], sizes: Sequence[float]) -> list[Result]:
        """The results of ``items``, in their order; ``sizes`` holds the expected duration of each, in any unit.

        Raises the error of the first item that failed, in the order of the items; other calls are not affected, and
        waiting items of this call are dropped. Blocks while ``capacity`` pieces of all callers wait.
        """
        call: _Call[Result] = _Call([None] * len(items), len(items))
        order = sorted(range(len(items)), key=lambda place: -sizes[place])
        with self._changed:
            try:
                for place in order:
                    self._changed.wait_for(lambda: len(self._heap) < self._capacity)
                    if call.error:
                        break
                    self._put(_Piece(-sizes[place], self._numbers, items[place], call, place))
                self._changed.wait_for(lambda: call.error is not None or not call.left)
            finally:  # also after an interruption, the rest of this call is not begun
                if call.left:
                    self._withdraw(call)
            if call.error:
                raise call.error
        return call.results  # type: ignore[return-value]  # all results are set

    def _put(self, piece: _Piece[Item, Result]) -> None:
        heapq.heappush(self._heap, piece)
        self._numbers += 1
        self._workers.submit(self._serve)  # one task per piece; each takes the longest piece at that time

    def _withdraw(self, call: _Call[Result]) -> None:
        self._heap = [piece for piece in self._heap if piece.call is not call]
        heapq.heapify(self._heap)
        self._changed.notify_all()

    def _serve(self) -> None:
        with self._changed:
            batch = [heapq.heappop(self._heap) for _ in range(min(self._batch, len(self._heap)))]
            self._changed.notify_all()  # there is capacity again
        if batch:
            self._compute(batch)

    def _compute(self, batch: list[_Piece[Item, Result]]) -> None:
        try:
            results = self._work([piece.item for piece in batch])
        except Exception as error:
            if len(batch) > 1:  # the error belongs to one of them
                for piece in batch:
                    self._compute([piece])
                return
            self._fail(batch[0], error)
            return
        with self._changed:
            for piece, result in zip(batch, results, strict=True):
                piece.call.results[piece.place] = result
                piece.call.left -= 1
            self._changed.notify_all()

    def _fail(self, piece: _Piece[Item, Result], error: Exception) -> None:
        with self._changed:
            call = piece.call
            if call.error is None or piece.place < call.error_at:
                call.error, call.error_at = error, piece.place
            call.left -= 1
            self._changed.notify_all()
