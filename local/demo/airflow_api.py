"""What the demo asks of Airflow, over its public REST API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from local.airflow import USER
from local.environment import HOST
from local.http import request
from local.site import ServerError, Site


@dataclass(slots=True)
class Airflow:
    """A client with a token of its own."""

    base: str
    token: str

    @classmethod
    def of(cls, site: Site) -> Airflow:
        """Logged in as the local administrator."""
        root = f"http://{HOST}:{site.settings.ports['airflow']}"
        body = {"username": USER, "password": site.credentials.airflow_password}
        status, answer = request(f"{root}/auth/token", method="POST", body=body)
        if status != 201:
            raise ServerError(f"Airflow's API refused our own password ({status}). `make down`, then `make up`.")
        return cls(f"{root}/api/v2", str(answer["access_token"]))

    def unpause(self, dag_id: str) -> bool:
        """Let the DAG run; False while Airflow does not know it yet."""
        status, _ = self._call(f"dags/{dag_id}", "PATCH", {"is_paused": False})
        return status == 200

    def trigger(self, dag_id: str, conf: dict[str, Any] | None = None) -> str:
        """Start a run now; its id."""
        status, answer = self._call(f"dags/{dag_id}/dagRuns", "POST", {"logical_date": None, "conf": conf or {}})
        if status != 200:
            raise ServerError(f"Airflow refused to start {dag_id} ({status}): {answer}")
        return str(answer["dag_run_id"])

    def end(self, dag_id: str, run_id: str) -> None:
        """Mark a run failed: what it has at work ends, and nothing of it is begun."""
        self._call(f"dags/{dag_id}/dagRuns/{quote(run_id, safe='')}", "PATCH", {"state": "failed"})

    def run_states(self, dag_id: str) -> dict[str, str]:
        """State of each of the latest runs."""
        _, answer = self._call(f"dags/{dag_id}/dagRuns?limit=50&order_by=-run_after")
        return {run["dag_run_id"]: run["state"] for run in (answer or {}).get("dag_runs", [])}

    def backfills_at_work(self, dag_id: str) -> int:
        """Backfills of a DAG that Airflow has not closed yet; while there is one it takes no other."""
        _, answer = self._call(f"backfills?dag_id={dag_id}")
        return sum(not one["completed_at"] for one in (answer or {}).get("backfills", []))

    def tasks(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """Task instances of a run."""
        _, answer = self._call(f"dags/{dag_id}/dagRuns/{quote(run_id, safe='')}/taskInstances?limit=100")
        return list((answer or {}).get("task_instances", []))

    def log(self, dag_id: str, run_id: str, task: dict[str, Any]) -> str:
        """The log of a task's last try, as lines of text."""
        path = (
            f"dags/{dag_id}/dagRuns/{quote(run_id, safe='')}/taskInstances/{task['task_id']}/logs/{task['try_number']}"
        )
        _, answer = self._call(f"{path}?map_index={task['map_index']}&full_content=true")
        return "\n".join(_line(event) for event in (answer or {}).get("content", []))

    def import_errors(self) -> list[str]:
        """What stands in the way of DAG files, if anything does."""
        _, answer = self._call("importErrors")
        return [f"{error['filename']}: {error['stack_trace']}" for error in (answer or {}).get("import_errors", [])]

    def _call(self, path: str, method: str = "GET", body: Any = None) -> tuple[int, Any]:
        return request(f"{self.base}/{path}", method=method, body=body, token=self.token)


def _line(event: Any) -> str:
    """One event of a task's log: what it says, and the exceptions that came with it, the cause last."""
    if not isinstance(event, dict):
        return str(event)
    errors = [f"{error['exc_type']}: {error['exc_value']}" for error in event.get("error_detail") or ()]
    return "\n  ".join([str(event.get("event", "")), *errors])
