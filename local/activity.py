"""How long a start may take: as long as something happens, not a fixed time, because machines and disks differ."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from local.process import Running

SHARE = 0.05  # of a core: a server that only waits for something uses less
LOOKS = 10  # per time without activity that is allowed
LONGEST_S = 3600.0  # a server that computes so long without becoming healthy will not


class Activity:
    """When any of the servers that start together did something. They depend on each other, and share the machine."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.note()

    def note(self) -> None:
        """Something happened now."""
        self.latest = self.clock()


class Watch:
    """Looks at a server that is not healthy yet: whether its log grows, and its processes compute."""

    def __init__(self, running: Running, log: Path, activity: Activity, quiet_s: float) -> None:
        self._running, self._log, self._activity, self._quiet_s = running, log, activity, quiet_s
        self._began = self._looked = activity.clock()
        self._size, self._cpu_s = _size(log), _cpu_s(running)
        activity.note()

    def lateness(self) -> str | None:
        """Why the server is not waited for any more; None as long as something happens."""
        now = self._activity.clock()
        if now - self._looked < self._quiet_s / LOOKS:
            return None
        size, cpu_s = _size(self._log), _cpu_s(self._running)
        if size != self._size or abs(cpu_s - self._cpu_s) > SHARE * (now - self._looked):
            self._activity.note()
        self._looked, self._size, self._cpu_s = now, size, cpu_s
        if (quiet := now - self._activity.latest) >= self._quiet_s:
            return f"nothing has happened for {quiet:.0f} s"
        return f"it has worked for {LONGEST_S:.0f} s" if now - self._began >= LONGEST_S else None


def _size(log: Path) -> int:
    with contextlib.suppress(OSError):
        return log.stat().st_size
    return 0


def _cpu_s(running: Running) -> float:
    """CPU time of the process and its descendants, with those that have ended."""
    leader = running.process()
    total = 0.0
    with contextlib.suppress(psutil.Error):
        for process in [leader, *leader.children(recursive=True)] if leader else []:
            with contextlib.suppress(psutil.Error):
                total += sum(process.cpu_times()[:4])  # own and those of ended children: user and system each
    return total
