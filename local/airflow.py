"""Airflow's four components, each in its own process; ``airflow standalone`` would leave child processes behind."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
from collections.abc import Mapping
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar

import psycopg2

from local.account import write_private
from local.environment import HOST
from local.http import PATIENT_S, request
from local.process import Launch, Running
from local.server import Server
from local.site import ServerError, Site

USER = "admin"
POOLS = Path("include/mediaindex/orchestration/pools.json")


class _Part(Server):
    """A component of Airflow. The API server reports its health."""

    needs = ("postgres",)
    quiet_s = 180.0  # some wait for the heartbeats of others, which come every few seconds
    arguments: ClassVar[tuple[str, ...]] = ()
    health_key: ClassVar[str]

    def prepare(self) -> Launch:
        """Write Airflow's home folder; the first component also migrates the metadata database."""
        program = Path(sys.executable).parent / "airflow"
        if not program.exists():
            raise ServerError(f"{program} is missing: run `make setup`, and start the servers with that environment.")
        environment = process_environment(self.site)
        _prepare_home(self.site, program, environment)
        return Launch([str(program), self.name, *self.arguments], environment, self.site.settings.state / "airflow")

    def healthy(self, running: Running) -> bool:
        """Whether the API server has a heartbeat of this process, not of an earlier one."""
        status, answer = request(f"{_api(self.site)}/monitor/health")
        part = (answer or {}).get(self.health_key) if status == 200 else None
        if not part or part["status"] != "healthy":
            return False
        beat = part[f"latest_{self.health_key}_heartbeat"]
        return bool(beat) and datetime.fromisoformat(beat).timestamp() >= running.started_at - 1


class ApiServer(_Part):
    """The web interface, the REST API and the API for tasks."""

    name = "api-server"
    port_name = "airflow"

    def healthy(self, running: Running) -> bool:
        """Whether it answers and reaches its database."""
        status, answer = request(f"{_api(self.site)}/monitor/health")
        return status == 200 and answer["metadatabase"]["status"] == "healthy"

    def ready(self) -> None:
        """Create the package's pools that are missing: a task would wait for ever. Slots that were changed stay."""
        path = self.site.settings.root / POOLS
        if not path.exists():
            return
        pools = [{"name": name, **fields} for name, fields in json.loads(path.read_text()).items()]
        action = {"action": "create", "action_on_existence": "skip", "entities": pools}
        body = {"actions": [action]}
        status, answer = request(
            f"{_api(self.site)}/pools", method="PATCH", body=body, token=_token(self.site), timeout_s=PATIENT_S
        )
        errors = (answer or {}).get("create", {}).get("errors") if status == 200 else answer
        if errors or status != 200:
            raise ServerError(f"Airflow rejected the pools of {path} ({status}): {errors}")


class Scheduler(_Part):
    """Starts tasks, which are its children."""

    name = "scheduler"
    arguments = ("--skip-serve-logs",)  # logs are local files; the log server would listen on all addresses
    health_key = "scheduler"


class DagProcessor(_Part):
    """Reads the DAG files."""

    name = "dag-processor"
    health_key = "dag_processor"


class Triggerer(_Part):
    """Runs the triggers of deferred tasks."""

    name = "triggerer"
    arguments = ("--skip-serve-logs",)
    health_key = "triggerer"


def process_environment(site: Site) -> dict[str, str]:
    """The caller's environment and the site's, with the programs of this virtual environment first on the path."""
    paths = [str(Path(sys.executable).parent), os.environ.get("PATH", "/usr/bin:/bin")]
    # Airflow renames its processes; without SPT_NOENV that erases the variable by which `down` finds orphans.
    own = {"PATH": os.pathsep.join(paths), "SPT_NOENV": "1", "PYTHONUNBUFFERED": "1"}
    # Each parse of a DAG file and each task imports its libraries again. Without bytecode files that takes half of the
    # time of a short task.
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**inherited, **site.environment, **own}


def _api(site: Site) -> str:
    return f"http://{HOST}:{site.settings.ports['airflow']}/api/v2"


def _token(site: Site) -> str:
    body = {"username": USER, "password": site.credentials.airflow_password}
    url = f"http://{HOST}:{site.settings.ports['airflow']}/auth/token"
    status, answer = request(url, method="POST", body=body, timeout_s=PATIENT_S)
    if status != 201:
        raise ServerError(f"Airflow's API rejected the generated password ({status}). `make down`, then `make up`.")
    return str(answer["access_token"])


_HOME = threading.Lock()


def _prepare_home(site: Site, program: Path, environment: Mapping[str, str]) -> None:
    with _HOME:  # the components start in parallel
        home = site.settings.state / "airflow"
        home.mkdir(parents=True, exist_ok=True)
        write_private(home / "passwords.json", json.dumps({USER: site.credentials.airflow_password}), None)
        stamp = home / "migrated.json"
        done = json.loads(stamp.read_text()) if stamp.exists() else None
        if done is None or done != _schema(environment):
            site.say("api-server", "migrating Airflow's database")
            argv = [str(program), "db", "migrate"]
            site.run(argv, what="airflow db migrate", environment=environment, folder=home)
            stamp.write_text(json.dumps(_schema(environment)))


def _schema(environment: Mapping[str, str]) -> dict[str, Any]:
    """Airflow's version and the schema's revision. Asking Airflow itself would take three seconds per start."""
    url = environment["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].replace("postgresql+psycopg2://", "postgresql://")
    revision = None
    with (
        contextlib.suppress(psycopg2.Error),
        contextlib.closing(psycopg2.connect(url, connect_timeout=5)) as database,
        database.cursor() as cursor,
    ):
        cursor.execute("SELECT version_num FROM alembic_version")
        (revision,) = cursor.fetchone() or (None,)
    return {"airflow": version("apache-airflow-core"), "revision": revision}
