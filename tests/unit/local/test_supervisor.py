"""Starting and stopping servers, which are shell commands here; tests/integration/local has the real ones."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import psutil
import pytest

from local import supervisor
from local.process import Launch, Running
from local.server import Server
from local.site import ServerError, Site
from tests.builders.waiting import SOON_S, until

Survivors = Callable[[], list[int]]


class Shell(Server):
    script: ClassVar[str] = "exec sleep 600"
    grace_s = 2.0
    order: ClassVar[list[str]] = []

    def prepare(self) -> Launch:
        self.order.append(self.name)
        return Launch(["/bin/sh", "-c", self.script], {"PATH": "/usr/bin:/bin"}, Path("/"))

    def healthy(self, running: Running) -> bool:
        return True


class First(Shell):
    name = "first"


class Second(Shell):
    name = "second"
    needs = ("first",)


class Family(Shell):
    """A child, and a grandchild in its own session whose parent has ended."""

    name = "family"
    script = "sleep 600 & (setsid sleep 600 & exit 0); exec sleep 600"

    def healthy(self, running: Running) -> bool:
        return len(psutil.Process(running.pid).children()) > 0


class Stubborn(Shell):
    name = "stubborn"
    script = "trap '' TERM; echo trapped; while :; do sleep 1; done"

    def healthy(self, running: Running) -> bool:
        return "trapped" in self.log.read_text()


class Broken(Shell):
    name = "broken"
    script = "echo the disk is full >&2; exit 3"
    needs = ("first",)

    def healthy(self, running: Running) -> bool:
        return False


class Dependent(Shell):
    name = "dependent"
    needs = ("broken",)


class Unhealthy(Shell):
    name = "unhealthy"
    script = "echo waits for a lock; exec sleep 600"
    quiet_s = 2.0

    def healthy(self, running: Running) -> bool:
        return False


def test_needed_servers_start_first_and_a_second_up_starts_none(site: Site, survivors: Survivors) -> None:
    servers = [Second(site), First(site)]
    Shell.order.clear()
    assert supervisor.up(site, servers) == ["second", "first"]
    assert Shell.order == ["first", "second"]
    before = survivors()
    assert supervisor.up(site, servers) == []
    assert survivors() == before
    assert sorted(supervisor.down(site, servers)) == ["first", "second"]
    assert survivors() == []


def test_down_ends_children_and_orphaned_grandchildren(site: Site, survivors: Survivors) -> None:
    family = Family(site)
    supervisor.up(site, [family])
    until(lambda: len(survivors()) == 3, SOON_S, "the whole family")
    supervisor.down(site, [family])
    assert survivors() == []


def test_down_ends_the_children_of_a_leader_that_was_killed(site: Site, survivors: Survivors) -> None:
    family = Family(site)
    supervisor.up(site, [family])
    until(lambda: len(survivors()) == 3, SOON_S, "the whole family")
    running = family.running()
    assert running
    psutil.Process(running.pid).kill()
    supervisor.down(site, [family])
    assert survivors() == []


def test_a_server_that_ignores_sigterm_is_killed(site: Site, survivors: Survivors) -> None:
    supervisor.up(site, [Stubborn(site)])
    supervisor.down(site, [Stubborn(site)])
    assert survivors() == []


def test_a_failed_server_is_reported_with_its_log_and_does_not_stop_the_others(
    site: Site, survivors: Survivors
) -> None:
    with pytest.raises(ServerError, match=r"broken ended while starting(.|\n)*the disk is full") as failed:
        supervisor.up(site, [First(site), Broken(site), Dependent(site)])
    assert failed.value.message.splitlines()[-2:] == [
        "Not started, for broken is missing: dependent.", "Running: first."
    ]  # fmt: skip
    running = First(site).running()
    assert running
    assert survivors() == [running.pid]


def test_a_server_that_ended_leaves_no_process(site: Site, survivors: Survivors) -> None:
    class Forking(Unhealthy):
        name = "forking"
        script = "sleep 600 & exit 3"

    with pytest.raises(ServerError, match="forking ended while starting"):
        supervisor.up(site, [Forking(site)])
    assert survivors() == []


def test_a_late_server_is_named_and_left_running(site: Site, survivors: Survivors) -> None:
    with pytest.raises(ServerError, match=r"unhealthy is not healthy(.|\n)*waits for a lock(.|\n)*Running: first"):
        supervisor.up(site, [First(site), Unhealthy(site)])
    before = survivors()
    assert len(before) == 2

    class Recovered(Unhealthy):
        def healthy(self, running: Running) -> bool:
            return True

    assert supervisor.up(site, [First(site), Recovered(site)]) == []
    assert survivors() == before


def test_a_pid_that_was_reused_is_ignored(site: Site) -> None:
    server = First(site)
    pid_file = site.settings.state / "run" / "first.pid"
    pid_file.parent.mkdir(parents=True)
    pid_file.write_text(json.dumps({"pid": os.getpid(), "born": 1.0, "started_at": 1.0, "mark": "x"}))
    assert server.running() is None
    assert supervisor.down(site, [server]) == []  # this process was not ended


def test_a_damaged_pid_file_is_ignored(site: Site) -> None:
    pid_file = site.settings.state / "run" / "first.pid"
    pid_file.parent.mkdir(parents=True)
    pid_file.write_text("{")
    assert First(site).running() is None


def test_children_of_a_killed_server_are_ended_before_it_starts_again(site: Site, survivors: Survivors) -> None:
    supervisor.up(site, [Family(site)])
    until(lambda: len(survivors()) == 3, SOON_S, "the whole family")
    outlived = set(survivors())
    running = Family(site).running()
    assert running is not None
    psutil.Process(running.pid).kill()
    until(lambda: running.pid not in survivors(), SOON_S, "the killed server's end")
    assert survivors()
    assert set(survivors()) <= outlived
    assert supervisor.up(site, [Family(site)]) == ["family"]
    assert not outlived & set(survivors())
    supervisor.down(site, [Family(site)])
