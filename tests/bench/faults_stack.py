"""A separate stack of servers for the fault tests: other ports and folder, small batches, short waits."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import psutil

from local import settings
from local.demo.airflow_api import Airflow
from local.process import MARK
from local.roster import select
from local.site import Site

ROOT = Path(__file__).parents[2]
# Outside the kernel's range of ephemeral ports: the port of a killed server must stay free.
PORTS = {"POSTGRES": 25432, "ELASTICSEARCH": 29200, "S3": 29000, "SQS": 29324, "AIRFLOW": 28080}
KEPT = ("MEDIAINDEX_STATE", "MEDIAINDEX_CACHE", "MEDIAINDEX_MODELS", "MEDIAINDEX_SPEECH_PYTHON", "MEDIAINDEX_PORT_")
SHORT = {
    "MEDIAINDEX_RETRY_SECONDS": "2",
    "MEDIAINDEX_BACKOFF_SECONDS": "4",
    "MEDIAINDEX_BACKOFF_LONGEST_SECONDS": "60",
    "MEDIAINDEX_SWEEP_SCHEDULE": "* * * * *",
    "MEDIAINDEX_OUTBOX_SCHEDULE": "* * * * *",
    # airflow.cfg has 15 minutes. All other settings are those of airflow.cfg.
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "90",
}
# Batches of three, so that every stage runs many times.
SOURCES = """
sources:
  - name: trials
    bucket: mediaindex-media
    prefix: trials/
    schedule: "* * * * *"
    sensor_poke_seconds: 3
    sensor_timeout_seconds: 50
    settle_seconds: 1
    batch_items: 3
"""


@dataclass(frozen=True)
class Stack:
    """``environment``: of ``python -m local``; ``variables``: that and the addresses of the servers."""

    environment: dict[str, str]

    @classmethod
    def separate(cls) -> Stack:
        """Servers beside those of `make up`. MEDIAINDEX_STATE and MEDIAINDEX_PORT_* change folder and ports."""
        replaced = ("MEDIAINDEX_", "AIRFLOW", "AWS_")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(replaced)}
        kept = {name: value for name, value in os.environ.items() if name.startswith(KEPT)}
        state = Path(kept.get("MEDIAINDEX_STATE") or ROOT / ".mediaindex" / "faults").absolute()
        place = {
            "MEDIAINDEX_STATE": str(state),
            "MEDIAINDEX_CONFIG": str(state / "sources.yaml"),
            "TMPDIR": str(state / "tmp"),  # so that only this stack writes there
        }
        return cls(
            {**inherited, **{f"MEDIAINDEX_PORT_{k}": str(v) for k, v in PORTS.items()}, **SHORT, **kept, **place}
        )

    @classmethod
    def running(cls) -> Stack:
        """The servers of the environment (see ``python -m local env``)."""
        return cls(dict(os.environ))

    @cached_property
    def site(self) -> Site:
        return Site(settings.load(self.environment))

    @cached_property
    def variables(self) -> dict[str, str]:
        return {**self.environment, **self.site.environment}

    @property
    def folder(self) -> Path:
        return self.site.settings.state

    def prepare(self) -> None:
        """Create the folders and the sources file; call it before the first ``up``."""
        for folder in (self.folder, self.folder / "tmp"):
            folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "sources.yaml").write_text(SOURCES, "utf-8")

    def local(self, *arguments: str) -> str:
        """Run ``python -m local`` with these arguments. Returns its output if it fails, otherwise an empty string."""
        done = subprocess.run(
            [sys.executable, "-m", "local", *arguments],
            cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False, timeout=600,
        )  # fmt: skip
        return "" if done.returncode == 0 else f"{done.stdout}{done.stderr}".strip()

    def airflow(self) -> Airflow:
        """A client with a new token: a restarted API server may not accept the old one."""
        return Airflow.of(self.site)

    def leader(self, name: str) -> psutil.Process | None:
        """The server's process, if it runs."""
        (server,) = select(self.site, [name])
        running = server.running()
        return running.process() if running else None

    def ended(self) -> list[str]:
        """Names of servers that are not running."""
        return [server.name for server in select(self.site, []) if server.running() is None]

    def revive(self) -> list[str]:
        """Start ended servers, like a service manager: components of Airflow end if they lose their database."""
        if not (ended := self.ended()):
            return []
        self.local("up")  # a server that ends during this call is started by the next one
        return [f"restarted: {', '.join(ended)}"]

    def orphans(self) -> list[str]:
        """Processes of this stack without a running server as ancestor."""
        leaders = [leader for server in select(self.site, []) if (leader := self.leader(server.name))]
        known = {process.pid for leader in leaders for process in (leader, *leader.children(recursive=True))}
        others = (process for process in psutil.process_iter() if process.pid not in known)
        return [_described(process) for process in others if self._is_of_stack(process)]

    def _is_of_stack(self, process: psutil.Process) -> bool:
        try:
            mark = process.environ().get(MARK, "")
            return mark.startswith(f"{self.folder}:") and process.status() != psutil.STATUS_ZOMBIE
        except (psutil.Error, OSError):
            return False


def _described(process: psutil.Process) -> str:
    try:
        return f"{process.pid} {' '.join(process.cmdline())[:160]}"
    except psutil.Error:
        return str(process.pid)


def rows(url: str, sql: str, values: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
    """The rows of a query, on a new connection: the server may have been killed since the last one."""
    from contextlib import closing

    import psycopg2

    with closing(psycopg2.connect(url, connect_timeout=5)) as conn, conn, conn.cursor() as cursor:
        cursor.execute(sql, values or {})
        return list(cursor.fetchall())
