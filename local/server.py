"""The base class of local servers: start, wait until healthy, report failures, stop."""

from __future__ import annotations

import signal
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar

from local import ports, process
from local.activity import Watch
from local.process import Launch, Running
from local.settings import LocalSettings
from local.site import ServerError, Site


class Server(ABC):
    """A server process. ``needs``: names of servers that must be healthy before this one is prepared."""

    name: ClassVar[str]
    port_name: ClassVar[str | None] = None  # key of Settings.ports
    needs: ClassVar[tuple[str, ...]] = ()
    quiet_s: ClassVar[float] = 60.0  # time without activity after which a start is given up
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM
    grace_s: ClassVar[float] = 15.0

    def __init__(self, site: Site) -> None:
        self.site = site

    @abstractmethod
    def prepare(self) -> Launch:
        """Create folders and configuration, fetch programs, and return the command to start."""

    @abstractmethod
    def healthy(self, running: Running) -> bool:
        """Whether it works. Must return within two seconds and must not raise if the server does not answer."""

    def ready(self) -> None:  # noqa: B027 - not every server needs it
        """Create databases, buckets and schemas. Called at every ``up`` once healthy, so it must be quick to repeat."""

    @property
    def port(self) -> int | None:
        """The port that it listens on; None for a server without a port."""
        return self.site.settings.ports[self.port_name] if self.port_name else None

    @property
    def log(self) -> Path:
        """The output since the last start. That of the start before is in ``NAME.previous.log``."""
        return self.site.settings.state / "logs" / f"{self.name}.log"

    def running(self) -> Running | None:
        """The process that was started earlier; None if it does not run."""
        return process.load(self._pid_file)

    def up(self) -> bool:
        """Start the server and wait until it is healthy. Returns False if it was running.

        Raises ServerError. A server that is late is left running.
        """
        ran = self._keeps_running()
        if not ran:
            self._end(None)  # children of a killed server may still hold its port, memory or data
            launch = self.prepare()
            self.site.check()
            self._require_port()
            self.site.say(self.name, "starting")
            self._await_health(process.start(launch, self._mark, self.log, self._pid_file))
        try:
            self.ready()
        except Exception as error:
            raise ServerError(f"{self.name} is running, but could not be prepared: {str(error).strip()}") from error
        return not ran

    def down(self) -> bool:
        """Stop the server and all its processes. Returns False if it was not running."""
        running = self.running()
        self._end(running)
        self._pid_file.unlink(missing_ok=True)
        return running is not None

    def _end(self, running: Running | None) -> None:
        left = process.stop(running, self._mark, stop_signal=self.stop_signal, grace_s=self.grace_s)
        if left:
            raise ServerError(f"{self.name} could not be stopped; these processes are still running: {left}.")

    @property
    def _mark(self) -> str:
        return f"{self.site.settings.state}:{self.name}"

    @property
    def _pid_file(self) -> Path:
        return self.site.settings.state / "run" / f"{self.name}.pid"

    def _require_port(self) -> None:
        taken_by = ports.holder(self.port) if self.port else None
        if taken_by:
            variable = LocalSettings.variable(f"port_{self.port_name}")
            raise ServerError(
                f"{self.name} needs port {self.port}, but {taken_by} holds it. "
                f"End that process, or set another port in {variable}."
            )

    def _keeps_running(self) -> bool:
        """Whether it runs and becomes healthy; False if it ends meanwhile, as Airflow does soon after its database."""
        running = self.running()
        if running is None:
            return False
        try:
            self._await_health(running)
        except ServerError:
            if running.process():
                raise
            return False
        return True

    def _await_health(self, running: Running) -> None:
        watch = Watch(running, self.log, self.site.activity, self.quiet_s)
        while not self.healthy(running):
            self.site.check()
            if running.process() is None:
                self._end(None)
                raise ServerError(f"{self.name} ended while starting. {self._last_lines()}")
            if lateness := watch.lateness():
                raise ServerError(
                    f"{self.name} is not healthy, and {lateness}. It is left running: `make up` waits for it again, "
                    f"`make down` stops it. {self._last_lines()}"
                )
            time.sleep(0.2)
        self.site.activity.note()

    def _last_lines(self, count: int = 15) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-count:] if self.log.exists() else []
        return f"The end of {self.log}:\n" + "\n".join(lines)
