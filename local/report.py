"""Progress, status and logs of the local servers, as printed for the user."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from local.process import Running
from local.server import Server


class Progress:
    """One line per activity of a server; on a terminal, a line with changing numbers is updated in place."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: dict[str, str] = {}
        self._began = time.monotonic()
        self._open = False

    def say(self, server: str, text: str) -> None:
        """Print the activity of ``server``; may be called from several threads."""
        kind = text.partition(":")[0]
        with self._lock:
            again = self._last.get(server) == kind
            if again and not sys.stderr.isatty():
                return
            self._last[server] = kind
            start = "\r\033[K" if again else "\n" if self._open else ""
            line = f"{start}{time.monotonic() - self._began:5.1f} s  {server:<14} {text}"
            self._open = sys.stderr.isatty() and ":" in text
            print(line, end="" if self._open else "\n", file=sys.stderr, flush=True)


DEADLINE_S = 15.0  # on a busy machine a healthy server answers late


def print_status(servers: Sequence[Server], deadline_s: float = DEADLINE_S) -> int:
    """Print a table. Returns 1 if a server is not healthy and does not become healthy within ``deadline_s``."""
    asked_until = time.monotonic() + deadline_s
    table = Table(box=None, pad_edge=False)
    for column in ("server", "state", "port", "pid", "since"):
        table.add_column(column, no_wrap=True)
    bad = 0
    for server in servers:
        running = server.running()
        healthy = running is not None and _healthy_by(asked_until, server, running)
        bad += not healthy
        state = "[green]healthy" if healthy else "[yellow]not healthy" if running else "[red]not running"
        since = time.strftime("%H:%M:%S", time.localtime(running.started_at)) if running else ""
        pid = str(running.pid) if running else ""
        table.add_row(server.name, state, str(server.port or ""), pid, since)
    Console().print(table)
    if servers:
        print(f"logs: {servers[0].log.parent}")
        for name, url in servers[0].site.settings.external.items():
            print(f"{name}: your own server ({url.rpartition('@')[2]})")
    return int(bad > 0)


def _healthy_by(moment: float, server: Server, running: Running) -> bool:
    while not server.healthy(running):
        if time.monotonic() > moment or running.process() is None:
            return False
        time.sleep(0.2)
    return True


def print_logs(servers: Sequence[Server], count: int = 40) -> int:
    """Print the last ``count`` lines of each log; of a single log five times as many. Returns 0."""
    for server in servers:
        print(f"== {server.log}")
        if server.log.exists():
            lines = server.log.read_text(errors="replace").splitlines()
            print("\n".join(lines[-(count if len(servers) > 1 else count * 5) :]))
    return 0
