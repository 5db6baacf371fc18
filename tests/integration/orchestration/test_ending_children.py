"""The speech process and its children end with the task, in each way in which a task is ended."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from mediaindex.catalog.base.connection import connect
from mediaindex.catalog.batches import batches
from mediaindex.catalog.ledger import ledger
from tests.builders.waiting import until

pytestmark = [pytest.mark.servers, pytest.mark.timeout(1800)]  # a busy machine may take minutes for each step

# Airflow's timeout alarm is raised once the child is running, not after a number of seconds.
DAG = """
import os, pathlib, signal, threading, time
from datetime import timedelta
from airflow.sdk import DAG
from mediaindex.orchestration.speech_operator import SpeechStageOperator
with DAG("limited", schedule=None) as dag:
    SpeechStageOperator(stage="normalize", batch_id="{batch_id}", execution_timeout=timedelta(seconds=300))
def strike():
    while not pathlib.Path(os.environ["MEDIAINDEX_TEST_PIDS"]).exists(): time.sleep(0.05)
    os.kill(os.getpid(), signal.SIGALRM)
if __name__ == "__main__":
    threading.Thread(target=strike, daemon=True).start()
    run = dag.test()
    print("STATE", run.state)
"""


def alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def test_execution_timeout_ends_child_and_grandchild(task_environment: dict[str, str], batch_id: int) -> None:
    folder = Path(task_environment["AIRFLOW__CORE__DAGS_FOLDER"])
    folder.mkdir()
    file = folder / "limited.py"
    file.write_text(DAG.format(batch_id=batch_id))
    done = subprocess.run(
        [sys.executable, str(file)], env=task_environment, capture_output=True, text=True, timeout=400, check=False
    )
    assert "AirflowTaskTimeout" in done.stdout + done.stderr
    assert "STATE failed" in done.stdout
    pids = json.loads(Path(task_environment["MEDIAINDEX_TEST_PIDS"]).read_text())
    assert len(pids) == 2
    assert not [pid for pid in pids if alive(pid)]


def test_marking_a_task_failed_ends_child_and_grandchild_and_the_sweep_queues_its_recording(
    airflow: Any, catalog_url: str, batch_id: int
) -> None:
    until(
        lambda: {"index_recordings", "sweep_ledger"} <= {d["dag_id"] for d in airflow.call("dags")["dags"]},
        300,
        "both DAGs are read",
    )
    with connect(catalog_url) as conn:  # as discovery does; a batch without a run would get one from the sweep
        batches.mark_started(conn, batch_id, f"test_{batch_id}")
    run = f"dags/index_recordings/dagRuns/test_{batch_id}"
    body = {"dag_run_id": f"test_{batch_id}", "logical_date": None, "conf": {"batch_id": batch_id}}
    airflow.call("dags/index_recordings/dagRuns", "POST", body)
    until(airflow.pids.exists, 300, "the speech process is at work")
    pids = json.loads(airflow.pids.read_text())
    assert all(alive(pid) for pid in pids)

    airflow.call(f"{run}/taskInstances/normalize", "PATCH", {"new_state": "failed"})
    until(lambda: not [pid for pid in pids if alive(pid)], 300, "all its processes have ended")

    until(lambda: airflow.call(run)["state"] in ("failed", "success"), 300, "the run has an end")
    states = {task["task_id"]: task["state"] for task in airflow.call(f"{run}/taskInstances")["task_instances"]}
    assert airflow.call(run)["state"] == "failed"
    assert states["normalize"] == "failed"
    assert states["publish"] == "upstream_failed"
    assert states["finish"] == "failed"
    with connect(catalog_url) as conn:
        [left] = ledger.find(conn, batch_id=batch_id)
    assert (left.state, left.reason_code) == ("claimed", "run_failed")

    # Without clearing it: the sweep finds that the run has ended, and queues the recording again.
    airflow.call("dags/sweep_ledger/dagRuns", "POST", {"dag_run_id": f"sweep_{batch_id}", "logical_date": None})
    swept = f"dags/sweep_ledger/dagRuns/sweep_{batch_id}"
    until(lambda: airflow.call(swept)["state"] in ("failed", "success"), 300, "the sweep has an end")
    log = "\n".join(map(str, airflow.call(f"{swept}/taskInstances/sweep/logs/1?full_content=true")["content"]))
    assert airflow.call(swept)["state"] == "success", log
    with connect(catalog_url) as conn:
        assert ledger.find(conn, batch_id=batch_id) == [], log
        (back,) = ledger.find(conn, ids=[left.id])
    assert (back.state, back.reason_code, back.reason_class, back.attempts) == ("claimed", "run_failed", "transient", 1)
