"""A start is waited for as long as the server does something, by its log or its CPU time, and not for a fixed time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from local.activity import LONGEST_S, Activity, Watch
from local.process import Launch, Running, start
from local.site import Site
from tests.builders.waiting import SOON_S, until

QUIET_S = 60.0


class Clock:
    """A clock that the test sets, so that it does not wait."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def process(site: Site, survivors: Callable[[], list[int]]) -> Callable[[str], Running]:
    """Starts a shell command as a server; it is killed after the test."""

    def begin(script: str) -> Running:
        launch = Launch(["/bin/sh", "-c", script], {"PATH": "/usr/bin:/bin"}, Path("/"))
        return start(launch, f"{site.settings.state}:x", site.settings.state / "x.log", site.settings.state / "x.pid")

    return begin


def test_a_server_that_does_nothing_is_late(site: Site, clock: Clock, process: Callable[[str], Running]) -> None:
    watch = Watch(process("exec sleep 600"), site.settings.state / "x.log", Activity(clock), QUIET_S)
    clock.now += QUIET_S - 1
    assert watch.lateness() is None
    clock.now += QUIET_S
    assert watch.lateness() == "nothing has happened for 119 s"


def test_a_log_that_grows_is_progress(site: Site, clock: Clock, process: Callable[[str], Running]) -> None:
    log = site.settings.state / "x.log"
    watch = Watch(process("exec sleep 600"), log, Activity(clock), QUIET_S)
    for _ in range(5):
        clock.now += QUIET_S
        with log.open("a") as file:
            file.write("recovering\n")
        assert watch.lateness() is None
    clock.now += QUIET_S
    assert watch.lateness() is not None


def test_computing_is_progress_also_in_children(site: Site, clock: Clock, process: Callable[[str], Running]) -> None:
    running = process("(while :; do :; done) & wait")
    watch = Watch(running, site.settings.state / "x.log", Activity(clock), QUIET_S)

    def computed_s() -> float:
        return sum(sum(child.cpu_times()[:2]) for child in psutil.Process(running.pid).children())

    until(lambda: computed_s() > 0.5, SOON_S, "half a second of computing")
    clock.now += QUIET_S / 10  # of which half a second is more than a share of 5 %
    assert watch.lateness() is None
    clock.now += QUIET_S - 1
    assert watch.lateness() is None  # less than the allowed time after it computed


def test_the_progress_of_one_server_counts_for_those_that_wait_for_it(
    site: Site, clock: Clock, process: Callable[[str], Running]
) -> None:
    activity = Activity(clock)
    watch = Watch(process("exec sleep 600"), site.settings.state / "x.log", activity, QUIET_S)
    clock.now += QUIET_S
    activity.note()
    assert watch.lateness() is None


def test_a_server_that_is_busy_without_end_is_late(site: Site, clock: Clock, process: Callable[[str], Running]) -> None:
    activity = Activity(clock)
    watch = Watch(process("exec sleep 600"), site.settings.state / "x.log", activity, QUIET_S)
    clock.now += LONGEST_S
    activity.note()
    assert watch.lateness() == "it has worked for 3600 s"
