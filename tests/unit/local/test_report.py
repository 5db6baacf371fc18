"""The status of servers, which are shell commands here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.process import Launch, Running
from local.report import print_status
from local.server import Server
from local.site import Site


class Busy(Server):
    """Runs, but does not answer the first ``late`` probes."""

    name = "busy"
    late = 0

    def prepare(self) -> Launch:
        return Launch(["/bin/sleep", "600"], {"PATH": "/usr/bin:/bin"}, Path("/"))

    def healthy(self, running: Running) -> bool:
        self.late -= 1
        return self.late < 0


@pytest.fixture
def busy(site: Site) -> Iterator[Busy]:
    server = Busy(site)
    server.up()
    yield server
    server.down()


def test_a_server_that_answers_late_is_healthy(busy: Busy, capsys: pytest.CaptureFixture[str]) -> None:
    busy.late = 3
    assert print_status([busy]) == 0
    assert "not healthy" not in capsys.readouterr().out


def test_a_server_that_does_not_answer_in_time_is_reported(busy: Busy, capsys: pytest.CaptureFixture[str]) -> None:
    busy.late = 1000
    assert print_status([busy], deadline_s=0.3) == 1
    assert "not healthy" in capsys.readouterr().out


def test_status_does_not_wait_for_a_server_that_is_not_running(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    assert print_status([Busy(site)], deadline_s=3600) == 1
    assert "not running" in capsys.readouterr().out
