from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from mediaindex.orchestration.process_group import GRACE_S, LINE_BYTES, ProcessGroup
from tests.builders.waiting import SOON_S, until

KILLED_AFTER_S = 5.0  # between SIGTERM and SIGKILL to a task

STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(300)"
)
PARENT = f"""
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {STUBBORN!r}])
print(child.pid, flush=True)
child.wait()
"""


def start(code: str, folder: Path) -> ProcessGroup:
    return ProcessGroup([sys.executable, "-c", code], dict(os.environ), folder)


def wait_for_end(pid: int) -> None:
    """Return once the process has ended; without an end from outside it would live for minutes."""
    until(lambda: has_ended(pid), SOON_S, f"the end of process {pid}")


def has_ended(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


class StopReading(BaseException):
    """Like Airflow's timeout: not an Exception."""


def test_lines_come_in_order_with_the_exit_code(tmp_path: Path) -> None:
    lines: list[str] = []
    code = start("import sys; print('one'); print('two', file=sys.stderr); print('10%\\r20%'); sys.exit(7)", tmp_path)
    assert code.follow(lines.append) == 7
    assert sorted(lines) == ["10%", "20%", "one", "two"]


def test_a_line_is_passed_on_when_it_is_written(tmp_path: Path) -> None:
    group = start("import time; print('here', flush=True); time.sleep(300)", tmp_path)

    def tell(line: str) -> None:
        raise StopReading(line)

    with pytest.raises(StopReading, match="here"):
        group.follow(tell)


def test_an_endless_line_is_cut_and_bad_bytes_are_replaced(tmp_path: Path) -> None:
    lines: list[str] = []
    start(f"import sys; sys.stdout.buffer.write(b'\\xff' + b'x' * {LINE_BYTES * 3})", tmp_path).follow(lines.append)
    assert lines[0].startswith("\ufffdx")
    assert max(map(len, lines)) <= LINE_BYTES


def test_an_exception_while_reading_ends_a_grandchild_that_ignores_sigterm(tmp_path: Path) -> None:
    lines: list[str] = []
    group = start(PARENT, tmp_path)

    def tell(line: str) -> None:
        lines.append(line)
        if len(lines) == 2:  # its pid, and that it ignores SIGTERM
            raise StopReading

    with pytest.raises(StopReading):
        group.follow(tell)
    wait_for_end(group.pid)
    wait_for_end(next(int(line) for line in lines if line.isdecimal()))


def test_a_grandchild_does_not_delay_the_end_and_is_ended(tmp_path: Path) -> None:
    lines: list[str] = []
    code = f"import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', {STUBBORN!r}]).pid, flush=True)"
    assert start(code, tmp_path).follow(lines.append, limit_s=240) == 0  # the grandchild sleeps for 300 s
    wait_for_end(int(lines[0]))


@pytest.mark.parametrize("code", ["", "import os; os.close(1); os.close(2)"], ids=["silent", "closed its output"])
def test_a_child_that_takes_too_long_is_ended(tmp_path: Path, code: str) -> None:
    group = start(f"{code}\nimport time; time.sleep(300)", tmp_path)
    with pytest.raises(TimeoutError):
        group.follow(lambda _line: None, limit_s=0.5)
    wait_for_end(group.pid)


def test_a_child_may_tidy_up_before_it_is_killed(tmp_path: Path) -> None:
    code = f"""
import pathlib, signal, sys, time
def tidy(*_):
    pathlib.Path({str(tmp_path / "tidied")!r}).touch()
    sys.exit(0)
signal.signal(signal.SIGTERM, tidy)
print("ready", flush=True)
time.sleep(300)
"""
    group = start(code, tmp_path)
    assert group.follow(lambda _line: group.end(grace_s=SOON_S)) == 0
    assert (tmp_path / "tidied").exists()


def test_a_signal_handler_ends_a_child_that_ignores_sigterm_within_airflows_five_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = start(STUBBORN, tmp_path)
    waits: list[float] = []
    wait = group._process.wait

    def counted(timeout: float) -> int:
        waits.append(timeout)
        return wait(timeout)

    def on_signal(_number: int, _frame: object) -> None:
        with monkeypatch.context() as patched:
            patched.setattr(group._process, "wait", counted)
            group.end()

    before = signal.signal(signal.SIGUSR1, on_signal)
    try:
        code = group.follow(lambda _line: os.kill(os.getpid(), signal.SIGUSR1))
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert code == -signal.SIGKILL
    # The waits before it kills, not the time that passed: minutes on a busy machine. The second wait is for
    # a process that has been killed.
    assert waits == [GRACE_S, GRACE_S]
    assert GRACE_S <= KILLED_AFTER_S - 1


def test_ending_twice_or_after_the_end_does_nothing(tmp_path: Path) -> None:
    group = start("pass", tmp_path)
    assert group.follow(lambda _line: None) == 0
    group.end()
    group.end()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux signals the death of a parent")
def test_the_child_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    code = f"""
import os, pathlib, sys
from mediaindex.orchestration.process_group import ProcessGroup
command = [sys.executable, "-c", "import time; time.sleep(300)"]
group = ProcessGroup(command, dict(os.environ), pathlib.Path({str(tmp_path)!r}))
print(group.pid, flush=True)
group.follow(print)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        # Until setpriv has asked the kernel for the signal and started the child itself.
        until(lambda: "setpriv" not in psutil.Process(pid).name(), SOON_S, "the child")
        parent.kill()
    wait_for_end(pid)
