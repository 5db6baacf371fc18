"""One queue of work for several callers: the longest piece first, batches across callers.

Whoever calls puts its pieces in and waits for its own results. Pieces of several recordings so fill the machine
together, and no long one is left to the end, when the other workers have nothing more to do.
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

ROOM = 256  # pieces that wait; 28 s each, that is at most 460 MB of samples


@dataclass(slots=True, eq=False)
class _Call(Generic[Result]):
    """What one caller waits for. ``left``: pieces without a result."""

    results: list[Result | None]
    left: int
    error: Exception | None = None
    error_at: int = 0


@dataclass(slots=True, order=True)
class _Piece(Generic[Item, Result]):
    """Ordered longest first; of two alike, the one that came first."""

    shorter: float
    number: int
    item: Item = field(compare=False)
    call: _Call[Result] = field(compare=False)
    place: int = field(compare=False)


class ChunkQueue(Generic[Item, Result]):
    """Workers, each of which takes up to ``batch`` pieces of nearly the same size at a time.

    ``work`` gives a result for each piece of a batch; it runs in the workers, so it must be safe to run at once as
    often as there are ``workers``. They start with the first call and end when nobody holds the queue any more: what
    ``work`` belongs to, a model most of the time, can then be freed.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Item]], Sequence[Result]],
        *,
        workers: int,
        batch: int = 1,
        room: int = ROOM,
        name: str = "chunks",
    ) -> None:
        self._work = work
        self._batch = batch
        self._room = room
        self._workers = ThreadPoolExecutor(workers, thread_name_prefix=name)
        self._heap: list[_Piece[Item, Result]] = []
        self._changed = threading.Condition()
        self._numbers = 0

    def run(self, items: Sequence[Item], sizes: Sequence[float]) -> list[Result]:
        """The results of these items, in their order; ``sizes``: how long each takes, in any unit.

        An error of one item is raised here, the first in the order of the items, and in no other call; what of this
        call still waits is then not begun. Blocks while ``room`` pieces wait, of whomever.
        """
        call: _Call[Result] = _Call([None] * len(items), len(items))
        order = sorted(range(len(items)), key=lambda place: -sizes[place])
        with self._changed:
            try:
                for place in order:
                    self._changed.wait_for(lambda: len(self._heap) < self._room)
                    if call.error:
                        break
                    self._put(_Piece(-sizes[place], self._numbers, items[place], call, place))
                self._changed.wait_for(lambda: call.error is not None or not call.left)
            finally:  # however it ended: what nobody waits for is not begun
                if call.left:
                    self._withdraw(call)
            if call.error:
                raise call.error
        return call.results  # type: ignore[return-value]  # none is None any more

    def _put(self, piece: _Piece[Item, Result]) -> None:
        heapq.heappush(self._heap, piece)
        self._numbers += 1
        self._workers.submit(self._serve)  # one a piece: whoever comes takes what is longest then

    def _withdraw(self, call: _Call[Result]) -> None:
        self._heap = [piece for piece in self._heap if piece.call is not call]
        heapq.heapify(self._heap)
        self._changed.notify_all()

    def _serve(self) -> None:
        with self._changed:
            batch = [heapq.heappop(self._heap) for _ in range(min(self._batch, len(self._heap)))]
            self._changed.notify_all()  # there is room again
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
