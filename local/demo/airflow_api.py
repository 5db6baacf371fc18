"""A client of Airflow's public REST API, for the demo and the benchmarks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from local.airflow import USER
from local.environment import HOST
from local.http import PATIENT_S, request
from local.site import ServerError, Site


@dataclass(slots=True)
class Airflow:
    """A client with its own token."""

    base: str
    token: str

    @classmethod
    def of(cls, site: Site) -> Airflow:
        """A client that is logged in as the local administrator."""
        root = f"http://{HOST}:{site.settings.ports['airflow']}"
        body = {"username": USER, "password": site.credentials.airflow_password}
        status, answer = request(f"{root}/auth/token", method="POST", body=body, timeout_s=PATIENT_S)
        if status != 201:
            raise ServerError(f"Airflow's API rejected the generated password ({status}). `make down`, then `make up`.")
        return cls(f"{root}/api/v2", str(answer["access_token"]))

    def unpause(self, dag_id: str) -> bool:
        """Unpause the DAG. Returns False if Airflow has not loaded it yet."""
        status, _ = self._call(f"dags/{dag_id}", "PATCH", {"is_paused": False})
        return status == 200

    def trigger(self, dag_id: str, conf: dict[str, Any] | None = None) -> str:
        """Start a run now. Returns its id."""
        status, answer = self._call(f"dags/{dag_id}/dagRuns", "POST", {"logical_date": None, "conf": conf or {}})
        if status != 200:
            raise ServerError(f"Airflow did not start {dag_id} ({status}): {answer}")
        return str(answer["dag_run_id"])

    def end(self, dag_id: str, run_id: str) -> None:
        """Mark a run as failed: its running tasks end, and no other starts."""
        self._call(f"dags/{dag_id}/dagRuns/{quote(run_id, safe='')}", "PATCH", {"state": "failed"})

    def run_states(self, dag_id: str) -> dict[str, str]:
        """The state of each of the latest 50 runs, by run id."""
        _, answer = self._call(f"dags/{dag_id}/dagRuns?limit=50&order_by=-run_after")
        return {run["dag_run_id"]: run["state"] for run in (answer or {}).get("dag_runs", [])}

    def backfills_at_work(self, dag_id: str) -> int:
        """The number of unfinished backfills of a DAG; Airflow accepts only one at a time."""
        _, answer = self._call(f"backfills?dag_id={dag_id}")
        return sum(not backfill["completed_at"] for backfill in (answer or {}).get("backfills", []))

    def tasks(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """The task instances of a run."""
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
        """Errors of DAG files that Airflow could not import."""
        _, answer = self._call("importErrors")
        return [f"{error['filename']}: {error['stack_trace']}" for error in (answer or {}).get("import_errors", [])]

    def _call(self, path: str, method: str = "GET", body: Any = None) -> tuple[int, Any]:
        return request(f"{self.base}/{path}", method=method, body=body, token=self.token, timeout_s=PATIENT_S)


def _line(event: Any) -> str:
    """An event of a task's log with its exceptions, the cause last."""
    if not isinstance(event, dict):
        return str(event)
    errors = [f"{error['exc_type']}: {error['exc_value']}" for error in event.get("error_detail") or ()]
    return "\n  ".join([str(event.get("event", "")), *errors])
