"""What a job cost, shared out among its items."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from mediaindex.contract.job import ItemResult, Usage
from mediaindex.runner.usage import Meter, shared


def item(name: str, wall_s: float) -> ItemResult:
    return ItemResult(id=name, status="done", usage=Usage(wall_s=wall_s, cpu_s=99.0, audio_s=10.0, peak_mb=5.0))


def test_shares_add_up_to_what_the_job_cost() -> None:
    # Three items of 2, 1 and 1 seconds, two at a time: 2 seconds on the clock, 3.6 of the cores.
    found = list(shared([item("a", 2.0), item("b", 1.0), item("c", 1.0)], Usage(wall_s=2.0, cpu_s=3.6)))
    assert [one.usage.wall_s for one in found] == [1.0, 0.5, 0.5]
    assert [one.usage.cpu_s for one in found] == pytest.approx([1.8, 0.9, 0.9])
    assert all((one.usage.audio_s, one.usage.peak_mb) == (10.0, 5.0) for one in found)


def test_a_job_without_work_shares_nothing() -> None:
    assert list(shared([], Usage(wall_s=1.0))) == []
    (one,) = shared([item("a", 0.0)], Usage(wall_s=1.0, cpu_s=1.0))
    assert one.usage.wall_s == 0.0


def test_the_meter_counts_the_work_of_threads() -> None:
    def work() -> float:
        sum(range(2_000_000))
        return time.thread_time()  # s; of this thread alone, by the same accounting

    meter = Meter()
    with ThreadPoolExecutor(1) as pool:
        worked = pool.submit(work).result()
    # No upper bound: what other threads of this process do meanwhile counts too, and is the libraries' affair.
    assert meter.read(1.0).cpu_s >= worked - 0.01
