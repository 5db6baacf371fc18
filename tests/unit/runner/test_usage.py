"""The cost of a job, shared among its items."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from mediaindex.contract.job import ItemResult, Usage
from mediaindex.contract.states import ItemStatus
from mediaindex.runner.usage import Meter, shared


def item(name: str, wall_s: float) -> ItemResult:
    return ItemResult(
        id=name, status=ItemStatus.DONE, usage=Usage(wall_s=wall_s, cpu_s=99.0, audio_s=10.0, peak_mb=5.0)
    )


def test_shares_add_up_to_the_cost_of_the_job() -> None:
    # Three items of 2, 1 and 1 seconds, two at a time: 2 seconds on the clock, 3.6 of the cores.
    results = list(shared([item("a", 2.0), item("b", 1.0), item("c", 1.0)], Usage(wall_s=2.0, cpu_s=3.6)))
    assert [result.usage.wall_s for result in results] == [1.0, 0.5, 0.5]
    assert [result.usage.cpu_s for result in results] == pytest.approx([1.8, 0.9, 0.9])
    assert all((result.usage.audio_s, result.usage.peak_mb) == (10.0, 5.0) for result in results)


def test_a_job_without_work_shares_nothing() -> None:
    assert list(shared([], Usage(wall_s=1.0))) == []
    (result,) = shared([item("a", 0.0)], Usage(wall_s=1.0, cpu_s=1.0))
    assert result.usage.wall_s == 0.0


def test_the_meter_counts_the_work_of_threads() -> None:
    def work() -> float:
        sum(range(2_000_000))
        return time.thread_time()  # s; of this thread alone, by the same accounting

    meter = Meter()
    with ThreadPoolExecutor(1) as pool:
        worked = pool.submit(work).result()
    # No upper bound: the work of other threads of this process, started by libraries, counts as well.
    assert meter.read(1.0).cpu_s >= worked - 0.01
