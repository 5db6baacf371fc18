"""What all servers share: settings, credentials, a cancel event, and a function to show progress."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from local import credentials as secrets_
from local import environment as variables
from local.account import Account
from local.activity import Activity
from local.settings import Settings
from mediaindex.errors import ErrorCode, MediaindexError


class ServerError(MediaindexError):
    """A server could not be started. The message says which, why, and what to do."""

    code = ErrorCode.SERVER


class StoppedError(MediaindexError):
    """The start was cancelled."""

    code = ErrorCode.STOPPED


def _silent(_name: str, _text: str) -> None: ...


@dataclass(frozen=True)
class Site:
    """A set of local servers. ``say(server, text)`` shows a line of progress."""

    settings: Settings
    say: Callable[[str, str], None] = _silent
    cancel: threading.Event = field(default_factory=threading.Event)
    activity: Activity = field(default_factory=Activity)

    @cached_property
    def credentials(self) -> secrets_.Credentials:
        """The credentials, generated at first use."""
        return secrets_.load(self.settings.state)

    @cached_property
    def environment(self) -> dict[str, str]:
        """The environment variables of all processes (see ``environment.py``)."""
        return variables.environment(self.settings, self.credentials)

    def check(self) -> None:
        """Raise StoppedError if the start was cancelled."""
        if self.cancel.is_set():
            raise StoppedError("The start was cancelled.")

    def run(
        self,
        argv: list[str],
        *,
        what: str,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
        account: Account | None = None,
        watch: Callable[[], None] | None = None,
    ) -> None:
        """Run a tool, calling ``watch`` twice per second. Raises ServerError, with its last lines, if it fails."""
        with subprocess.Popen(
            argv,
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        ) as tool:
            output = self._wait(tool, watch)
        if tool.returncode:
            lines = "\n".join(output.strip().splitlines()[-15:])
            raise ServerError(f"{what} failed (exit {tool.returncode}):\n{lines}")

    def _wait(self, tool: subprocess.Popen[str], watch: Callable[[], None] | None) -> str:
        while True:
            try:
                return tool.communicate(timeout=0.5)[0]
            except subprocess.TimeoutExpired:
                self.activity.note()
                if watch:
                    watch()
                if self.cancel.is_set():
                    tool.terminate()
                    tool.communicate()
                    self.check()
