from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
DAGS = ROOT / "dags"

# Reads the DAG files as Airflow's parser does, without a network, and prints facts about them. Times are CPU seconds,
# which do not depend on the load of the machine.
PROBE = """
import importlib, json, pathlib, socket, sys, time
began = time.process_time()
import airflow.sdk, airflow.dag_processing.dagbag
from airflow.providers.standard.operators.python import BranchPythonOperator
def refuse(*_a, **_k): raise OSError("a DAG file must not touch the network while it is parsed")
class Refusing(socket.socket):
    connect = connect_ex = refuse
socket.socket, socket.getaddrinfo, socket.create_connection = Refusing, refuse, refuse
from airflow.dag_processing.dagbag import DagBag
from airflow.utils.file import iter_airflow_imports
for file in pathlib.Path(sys.argv[1]).glob("*.py"):  # as the processor does, once for all files and times
    for module in iter_airflow_imports(str(file)): importlib.import_module(module)
airflow_s = time.process_time() - began
seconds, process_file = {}, DagBag.process_file
def timed(bag, file, *args, **options):
    begun = time.process_time()
    try: return process_file(bag, file, *args, **options)
    finally: seconds[pathlib.Path(file).name] = time.process_time() - begun
DagBag.process_file = timed
bag = DagBag(dag_folder=sys.argv[1])
def mapped(task):
    group = task.task_group
    while group is not None:
        if type(group).__name__ == "MappedTaskGroup": return True
        group = group.parent_group
    return False
def seconds_of(delta): return None if delta is None else delta.total_seconds()
def fact(task):
    kind = task.operator_class if task.is_mapped else type(task)
    names = [c.__name__ for c in kind.__mro__] if isinstance(kind, type) else [str(kind)]
    return dict(id=task.task_id, owner=task.owner, retries=task.retries, delay=seconds_of(task.retry_delay),
        backoff=task.retry_exponential_backoff, longest=seconds_of(task.max_retry_delay),
        timeout=seconds_of(task.execution_timeout), pool=task.pool, rule=str(task.weight_rule.value
        if hasattr(task.weight_rule, "value") else task.weight_rule), kinds=names, mapped=mapped(task),
        policy=type(task.retry_policy).__name__, weight=task.priority_weight,
        trigger_rule=str(getattr(task.trigger_rule, "value", task.trigger_rule)),
        downstream=sorted(task.downstream_task_ids))
dags = {d.dag_id: dict(file=d.fileloc, doc=d.doc_md, tags=sorted(d.tags), tasks=[fact(t) for t in d.tasks],
    timetable=type(d.timetable).__name__, callback=bool(d.on_failure_callback)) for d in bag.dags.values()}
print("FACTS" + json.dumps(dict(errors=bag.import_errors, seconds=seconds, airflow_s=airflow_s, dags=dags,
    modules=sorted(sys.modules))))
"""


Read = Callable[[Path], dict[str, Any]]


@pytest.fixture(scope="session")
def read(tmp_path_factory: pytest.TempPathFactory) -> Read:
    """Facts about a folder of DAG files, from a new Airflow process."""

    def run(folder: Path) -> dict[str, Any]:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path_factory.mktemp("home")),
            "AIRFLOW_HOME": str(tmp_path_factory.mktemp("airflow")),
            "AIRFLOW_CONFIG": str(ROOT / "airflow.cfg"),
            "MEDIAINDEX_CONFIG": str(ROOT / "local" / "sources.yaml"),
        }
        command = [sys.executable, "-c", PROBE, str(folder)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=400, check=False)
        lines = [line[5:] for line in done.stdout.splitlines() if line.startswith("FACTS")]
        assert lines, done.stdout + done.stderr
        facts: dict[str, Any] = json.loads(lines[0])
        return facts

    return run


@pytest.fixture(scope="session")
def facts(read: Read) -> dict[str, Any]:
    """Facts about the DAG folder of this project."""
    return read(DAGS)
