"""One server process: started in a session of its own, recognised again by pid and start time, ended with its children.

supervisor and circus would be a further daemon to keep alive and to end, and honcho dies with its terminal; what we
need is start, recognise, end. psutil gives the parts.
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

# Handed down to every descendant, so that one whose parent has died is still known as ours.
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
    """A started process. ``born`` is in seconds after boot: the wall clock may step, a pid may be given away again."""

    pid: int
    born: float
    started_at: float  # wall clock, for people and for comparing heartbeats
    mark: str

    def process(self) -> psutil.Process | None:
        """The live process, or None if it has ended or its pid now belongs to somebody else."""
        try:
            process = psutil.Process(self.pid)
            same = abs(_born(process) - self.born) < 2  # the kernel's boot time wavers by a second
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None


def start(launch: Launch, mark: str, log: Path, pid_file: Path) -> Running:
    """Start in a new session (Ctrl-C in the terminal does not reach it), its output in ``log``."""
    make_folder(log.parent, None)  # logs quote what people said: only for our own eyes
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
    """What a pid file tells, if that process still runs."""
    try:
        running = Running(**json.loads(pid_file.read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None
    return running if running.process() else None


def stop(running: Running | None, mark: str, *, stop_signal: signal.Signals, grace_s: float) -> list[int]:
    """Ask the leader, then end whatever is left of its family: children, grandchildren and orphans with our mark.

    Returns the pids of those that even SIGKILL did not end.
    """
    leader = running.process() if running else None
    family = {*_descendants(leader), *_marked(mark)}
    if leader:
        with contextlib.suppress(psutil.NoSuchProcess):
            leader.send_signal(stop_signal)
        psutil.wait_procs([leader], timeout=grace_s)
        family |= {leader, *_descendants(leader)}
    rounds = ((psutil.Process.terminate, 3.0), (psutil.Process.kill, 5.0), (psutil.Process.kill, 5.0))
    for send, wait_s in rounds:  # the last for those who were born while their parents were ending
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
    found = set()
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and process.environ().get(MARK) == mark:
                found.add(process)
    return found
