"""A server process: started in its own session, identified later by pid and start time, ended with its children.

supervisor and circus would add another daemon to start and stop, and honcho ends with its terminal. psutil is enough to
start, identify and end processes.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from local.account import Account, make_folder

# Inherited by every descendant, so that it is found even if its parent has ended.
MARK = "MEDIAINDEX_LOCAL_SERVER"


@dataclass(frozen=True)
class Launch:
    """How to start a server."""

    argv: list[str]
    environment: Mapping[str, str]
    folder: Path
    account: Account | None = None


@dataclass(frozen=True)
class Running:
    """A started process. ``born``: seconds between boot and start, because pids are reused and the clock may change."""

    pid: int
    born: float
    started_at: float  # seconds since the epoch, for display and for comparing heartbeats
    mark: str

    def process(self) -> psutil.Process | None:
        """The running process; None if it has ended, even if another process has its pid now."""
        try:
            process = psutil.Process(self.pid)
            same = abs(_born(process) - self.born) < 2  # the kernel's boot time varies by a second
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None


def start(launch: Launch, mark: str, log: Path, pid_file: Path) -> Running:
    """Start in a new session, which Ctrl-C in the terminal does not reach, with its output in ``log``."""
    make_folder(log.parent, None)  # readable only by the owner: logs may quote recordings
    make_folder(pid_file.parent, None)
    if log.exists():
        log.replace(log.with_suffix(".previous.log"))
    account = launch.account
    with log.open("ab") as output:
        child = subprocess.Popen(
            launch.argv,
            env={**launch.environment, MARK: mark},
            cwd=launch.folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            umask=0o077,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
    process = psutil.Process(child.pid)
    running = Running(child.pid, _born(process), process.create_time(), mark)
    beside = pid_file.with_suffix(".new")
    beside.write_text(json.dumps(asdict(running)))
    beside.replace(pid_file)
    return running


def load(pid_file: Path) -> Running | None:
    """The process of a pid file; None if it does not run any more, or the file is missing or damaged."""
    try:
        running = Running(**json.loads(pid_file.read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None
    return running if running.process() else None


def stop(running: Running | None, mark: str, *, stop_signal: signal.Signals, grace_s: float) -> list[int]:
    """Signal the leader, then end the remaining children, grandchildren and orphans, which ``mark`` identifies.

    Returns the pids of processes that SIGKILL did not end.
    """
    leader = running.process() if running else None
    family = {*_descendants(leader), *_marked(mark)}
    if leader:
        with contextlib.suppress(psutil.NoSuchProcess):
            leader.send_signal(stop_signal)
        psutil.wait_procs([leader], timeout=grace_s)
        family |= {leader, *_descendants(leader)}
    rounds = ((psutil.Process.terminate, 3.0), (psutil.Process.kill, 5.0), (psutil.Process.kill, 5.0))
    for send, wait_s in rounds:  # the last round for processes that started while their parents were ending
        family |= _marked(mark)
        left = [process for process in family if _alive(process)]
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                send(process)
        psutil.wait_procs(left, timeout=wait_s)
    return [process.pid for process in family if _alive(process)]


def _born(process: psutil.Process) -> float:
    return round(process.create_time() - float(psutil.boot_time()), 2)


def _alive(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def _descendants(process: psutil.Process | None) -> list[psutil.Process]:
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.children(recursive=True) if process else []
    return []


def _marked(mark: str) -> set[psutil.Process]:
    marked = set()
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and process.environ().get(MARK) == mark:
                marked.add(process)
    return marked
