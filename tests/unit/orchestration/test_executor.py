"""The executor waits instead of the scheduler."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from airflow.executors.local_executor import LocalExecutor

from mediaindex.orchestration import executor
from mediaindex.orchestration.executor import WakingLocalExecutor
from tests.builders.waiting import SOON_S

KEY: Any = "key"
RESULT: Any = (KEY, "success", None)


@pytest.fixture
def local(monkeypatch: pytest.MonkeyPatch) -> Iterator[WakingLocalExecutor]:
    """A started executor with one worker; a wait without an event lasts SOON_S."""
    monkeypatch.setattr(executor, "BUSY_S", SOON_S)
    monkeypatch.setattr(executor, "IDLE_S", SOON_S)
    started = WakingLocalExecutor(parallelism=1)
    started.start()
    yield started
    started.end()


def took_s(local: WakingLocalExecutor) -> float:
    began = time.monotonic()
    local.sync()
    return time.monotonic() - began


def test_the_end_of_a_task_ends_the_wait(local: WakingLocalExecutor) -> None:
    threading.Timer(0.05, local.result_queue.put, [RESULT]).start()
    assert took_s(local) < SOON_S / 2
    assert local.event_buffer == {KEY: ("success", None)}


def test_there_is_no_wait_after_a_loop_that_sent_tasks(local: WakingLocalExecutor) -> None:
    local._process_workloads([])
    assert took_s(local) < SOON_S / 2


def test_each_loop_without_sent_tasks_waits(local: WakingLocalExecutor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executor, "BUSY_S", 0.0)
    local.sync()
    monkeypatch.setattr(executor, "BUSY_S", SOON_S)
    threading.Timer(0.05, local.result_queue.put, [RESULT]).start()
    local.sync()
    assert local.event_buffer == {KEY: ("success", None)}


def test_the_wait_is_longer_at_rest(local: WakingLocalExecutor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executor, "BUSY_S", 0.0)
    assert local._longest_wait_s() == 0.0
    local._active_at -= 2 * executor.REST_AFTER_S
    assert local._longest_wait_s() == SOON_S


def test_the_end_of_a_task_ends_the_rest(local: WakingLocalExecutor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executor, "BUSY_S", 0.0)
    local._active_at -= 2 * executor.REST_AFTER_S
    local.result_queue.put(RESULT)
    local.sync()
    assert local._longest_wait_s() == 0.0


def test_the_environment_with_airflows_keys_is_hidden_before_a_worker_starts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Code in a decoder would read it from the processes of its user."""
    order: list[str] = []
    monkeypatch.setattr(executor, "hide_memory", lambda: order.append("hidden"))
    monkeypatch.setattr(LocalExecutor, "start", lambda _self: order.append("started"))
    WakingLocalExecutor(parallelism=1).start()
    assert order == ["hidden", "started"]


def test_running_tasks_keep_the_wait_short(local: WakingLocalExecutor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executor, "BUSY_S", 0.0)
    local._active_at -= 2 * executor.REST_AFTER_S
    local.running.add(RESULT[0])
    assert local._longest_wait_s() == 0.0
