from __future__ import annotations

from typing import Any

import pytest
from urllib3.exceptions import ReadTimeoutError

from mediaindex.storage.pace import WINDOW_BYTES, WINDOW_S, PacedStream


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Dripping:
    """A stream that gives ``step`` bytes per read, after ``seconds`` each."""

    def __init__(self, clock: Clock, size: int, step: int, seconds: float) -> None:
        self.clock, self.left, self.step, self.seconds = clock, size, step, seconds
        self.closed = False

    def read1(self, amt: int) -> bytes:
        self.clock.now += self.seconds
        piece = bytes(min(self.left, self.step, amt))
        self.left -= len(piece)
        return piece

    def close(self) -> None:
        self.closed = True


def paced(size: int, step: int, seconds: float) -> tuple[PacedStream, Dripping]:
    clock = Clock()
    raw = Dripping(clock, size, step, seconds)
    return PacedStream(raw, clock), raw


def test_a_stream_at_a_fair_pace_is_read_whole() -> None:
    stream, raw = paced(50 * WINDOW_BYTES, WINDOW_BYTES // 10, WINDOW_S / 11)
    assert len(stream.read()) == 50 * WINDOW_BYTES
    assert raw.clock.now > 40 * WINDOW_S


def test_every_window_begins_without_the_wait_of_the_one_before() -> None:
    pieces = 96  # per window, of which the last one comes just in time
    stream, _ = paced(3 * WINDOW_BYTES, WINDOW_BYTES // pieces, WINDOW_S / pieces)
    assert len(stream.read()) == 3 * WINDOW_BYTES


@pytest.mark.parametrize("step", [1, 100, WINDOW_BYTES // 12])
def test_a_slow_stream_times_out_after_a_window(step: int) -> None:
    stream, raw = paced(10 * WINDOW_BYTES, step, WINDOW_S / 10)
    with pytest.raises(ReadTimeoutError, match="too slow"):
        stream.read()
    assert raw.clock.now <= WINDOW_S * 1.2
    assert raw.closed


def test_the_end_of_a_stream_may_be_slow() -> None:
    stream, _ = paced(100, 100, WINDOW_S * 0.9)
    assert len(stream.read()) == 100


def test_time_between_reads_does_not_count() -> None:
    stream, raw = paced(1000, 10, 0.1)
    for _ in range(100):
        assert len(stream.read(10)) == 10
        raw.clock.now += WINDOW_S


def test_a_read_returns_the_requested_amount() -> None:
    stream, _ = paced(1_000_000, 4_096, 0.0)
    sizes: list[Any] = [len(stream.read(300_000)) for _ in range(4)]
    assert sizes == [300_000, 300_000, 300_000, 100_000]
