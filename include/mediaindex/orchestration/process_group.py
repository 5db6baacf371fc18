"""A child process in a process group of its own: read its output by lines, and end the whole group."""

from __future__ import annotations

import contextlib
import os
import selectors
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

# Airflow's supervisor gives a task 5 s between SIGTERM and SIGKILL; the whole group must be gone before that.
GRACE_S = 3.0
POLL_S = 0.25
LINE_BYTES = 8_192  # longer lines are cut: ffmpeg's messages contain tags of untrusted recordings


class ProcessGroup:
    """Start, follow and end a command and everything it starts.

    Everything happens in the calling thread, because Airflow's timeouts and ``on_kill`` arrive as signals in that
    thread: reading the output holds no lock that ``end`` needs.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], folder: Path) -> None:
        self._process = subprocess.Popen(
            [*_end_with_parent(), *command],
            env=dict(environment),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            process_group=0,
        )

    @property
    def pid(self) -> int:
        """The id of the child and of its group."""
        return self._process.pid

    def follow(self, tell: Callable[[str], None], limit_s: float | None = None) -> int:
        """Pass each line of output to ``tell`` until the child ends. Returns its exit code, negative for a signal.

        Raises TimeoutError if the child still runs after ``limit_s`` seconds. The whole group has ended afterwards,
        also after an exception, and also if the child left processes running.
        """
        deadline = time.monotonic() + (float("inf") if limit_s is None else limit_s)
        try:
            self._read(tell, deadline)
            left = deadline - time.monotonic()
            return self._process.wait(None if limit_s is None else max(0.0, left))
        except subprocess.TimeoutExpired:  # it closed its output but still runs
            raise TimeoutError from None
        finally:
            self.end()

    def end(self, grace_s: float = GRACE_S) -> None:
        """Send SIGTERM to the group, and SIGKILL after ``grace_s`` seconds. Safe in a signal handler, and to repeat."""
        if self._process.returncode is None and self._signal(signal.SIGTERM):
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(grace_s)
        self._signal(signal.SIGKILL)  # for processes that ignored SIGTERM, and grandchildren that outlived the child
        if self._process.returncode is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(grace_s)

    def _signal(self, number: signal.Signals) -> bool:
        try:
            os.killpg(self._process.pid, number)
        except (ProcessLookupError, PermissionError):  # macOS reports EPERM for a group of zombies
            return False
        return True

    def _read(self, tell: Callable[[str], None], deadline: float) -> None:
        assert self._process.stdout is not None  # noqa: S101  # it is PIPE
        lines = _Lines(tell)
        with self._process.stdout as stream, selectors.DefaultSelector() as selector:
            os.set_blocking(stream.fileno(), False)
            selector.register(stream, selectors.EVENT_READ)
            while True:
                # A grandchild may hold the pipe open after the child has ended: wait for the child, not for the pipe.
                ended = self._process.poll() is not None
                if selector.select(0 if ended else POLL_S):
                    chunk = os.read(stream.fileno(), 65_536)
                    if not chunk:
                        break
                    lines.feed(chunk)
                elif ended:
                    break
                if time.monotonic() > deadline:
                    lines.close()
                    raise TimeoutError
        lines.close()


class _Lines:
    """Splits bytes into lines. A carriage return ends a line too, because progress meters write it."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._rest = b""

    def feed(self, chunk: bytes) -> None:
        *whole, self._rest = (self._rest + chunk).replace(b"\r", b"\n").split(b"\n")
        for line in whole:
            self._say(line)
        if len(self._rest) > LINE_BYTES:
            self.close()

    def close(self) -> None:
        self._say(self._rest)
        self._rest = b""

    def _say(self, line: bytes) -> None:
        if text := line[:LINE_BYTES].decode("utf-8", "replace").rstrip():
            self._tell(text)


def _end_with_parent() -> list[str]:
    """On Linux, a command that lets the kernel end the child if this process is killed, for example out of memory."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL", "--"] if setpriv else []
