"""One child process in a process group of its own: its output line by line, and an end for all of it."""

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
LINE_BYTES = 8_192  # a longer line is cut: a recording's tags end up in ffmpeg's messages, and they are hostile


class ProcessGroup:
    """Start, follow and end one command with everything it starts.

    All of it happens in the calling thread, because Airflow's timeouts and ``on_kill`` come as signals to that thread:
    while the output is read no lock is held that ``end`` would need.
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
        """Of the child, and of its group."""
        return self._process.pid

    def follow(self, tell: Callable[[str], None], limit_s: float | None = None) -> int:
        """Hand each line of output to ``tell`` until the child ends; its exit code, negative for a signal.

        Raises TimeoutError where it still runs after ``limit_s`` seconds. Whatever interrupts this, and whatever the
        child leaves running, the whole group has ended afterwards.
        """
        deadline = time.monotonic() + (float("inf") if limit_s is None else limit_s)
        try:
            self._read(tell, deadline)
            left = deadline - time.monotonic()
            return self._process.wait(None if limit_s is None else max(0.0, left))
        except subprocess.TimeoutExpired:  # it has closed its output and does not end
            raise TimeoutError from None
        finally:
            self.end()

    def end(self, grace_s: float = GRACE_S) -> None:
        """TERM to the whole group, KILL after ``grace_s``; nothing where it has ended. Safe in a signal handler."""
        if self._process.returncode is None and self._signal(signal.SIGTERM):
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(grace_s)
        self._signal(signal.SIGKILL)  # what ignored TERM, and grandchildren that outlived the child
        if self._process.returncode is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(grace_s)

    def _signal(self, number: signal.Signals) -> bool:
        try:
            os.killpg(self._process.pid, number)
        except (ProcessLookupError, PermissionError):  # macOS says EPERM of a group of zombies
            return False
        return True

    def _read(self, tell: Callable[[str], None], deadline: float) -> None:
        assert self._process.stdout is not None  # noqa: S101  # it is PIPE
        lines = _Lines(tell)
        with self._process.stdout as stream, selectors.DefaultSelector() as selector:
            os.set_blocking(stream.fileno(), False)
            selector.register(stream, selectors.EVENT_READ)
            while True:
                # A grandchild may hold the pipe open after the child has gone: the child's end counts, not the pipe's.
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
    """Bytes into lines; a carriage return ends one too, as progress meters write it."""

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
    """On Linux the kernel ends the child itself where this process is killed too hard to do it (out of memory)."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL", "--"] if setpriv else []
