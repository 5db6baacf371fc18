"""Rules for all DAGs and tasks."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mediaindex.config import sources

ROOT = Path(__file__).parents[3]
FILES = sorted((ROOT / "dags").glob("*.py"))
POOLS = json.loads((ROOT / "include" / "mediaindex" / "orchestration" / "pools.json").read_text("utf-8"))
SPEECH = {
    "torch", "torchaudio", "nemo", "pyannote", "onnxruntime", "onnx_asr", "silero_vad", "faster_whisper", "spacy",
    "numpy", "scipy", "soundfile", "ffmpeg",
}  # fmt: skip
# Only tasks connect to servers, so DAG files need not load clients.
CLIENTS = {"psycopg2", "elasticsearch"}
# Airflow takes at least two CPU seconds to start; the slowest DAG file takes 0.025 of that.
MOST_OF_START = 0.1
BRANCHING = {"BranchMixIn", "BaseBranchOperator", "ShortCircuitOperator", "HITLOperator"}

Facts = dict[str, Any]


def by_dag(facts: Facts) -> list[tuple[str, Facts]]:
    return [(dag_id, task) for dag_id, dag in facts["dags"].items() for task in dag["tasks"]]


def tasks(facts: Facts) -> list[tuple[str, Facts]]:
    return [(f"{dag_id}.{task['id']}", task) for dag_id, task in by_dag(facts)]


def is_retried_with_backoff(task: Facts) -> bool:
    # A factor, not a flag: True means 1, which is no backoff.
    return bool(task["retries"] >= 1 and task["backoff"] is not True and task["backoff"] > 1 and task["longest"])


def branches_in_a_mapped_group(task: Facts) -> bool:
    return bool(task["mapped"] and BRANCHING & set(task["kinds"]))


def test_every_file_defines_a_dag_without_network(facts: Facts) -> None:
    assert facts["errors"] == {}
    assert {Path(dag["file"]).name for dag in facts["dags"].values()} == {file.name for file in FILES}


def test_each_lane_has_an_index_dag_and_each_source_a_discovery_dag(facts: Facts) -> None:
    names = {source.name for source in sources.load(ROOT / "local" / "sources.yaml").sources}
    upkeep = {"sweep_ledger", "publish_outbox", "apply_retention", "reprocess"}
    arrivals = {"receive_events", "collect_podcasts", *(f"discover_{name}" for name in names)}
    assert set(facts["dags"]) == {"index_recordings", "index_recordings_backfill"} | upkeep | arrivals


def test_dag_files_load_no_speech_library_and_no_client(facts: Facts) -> None:
    loaded = {name.split(".")[0] for name in facts["modules"]}
    assert not loaded & (SPEECH | CLIENTS)


def test_every_file_parses_in_a_fraction_of_airflows_start(facts: Facts) -> None:
    assert facts["seconds"]
    assert {file: s for file, s in facts["seconds"].items() if s >= MOST_OF_START * facts["airflow_s"]} == {}


def test_every_dag_says_what_to_do_when_it_fails(facts: Facts) -> None:
    headings = ("## What", "## When it fails", "## By hand", "## Owner")
    missing = {(id_, h) for id_, dag in facts["dags"].items() for h in headings if h not in (dag["doc"] or "")}
    assert not missing


def test_every_dag_has_the_tag_and_reports_a_failed_run(facts: Facts) -> None:
    assert not [id_ for id_, dag in facts["dags"].items() if "mediaindex" not in dag["tags"] or not dag["callback"]]


def test_discovery_can_be_backfilled(facts: Facts) -> None:
    assert facts["dags"]["discover_recordings"]["timetable"] == "CronDataIntervalTimetable"


def test_every_task_has_an_owner(facts: Facts) -> None:
    assert not [name for name, task in tasks(facts) if task["owner"] != "mediaindex"]


def test_every_task_is_retried_with_growing_delays(facts: Facts) -> None:
    assert not [name for name, task in tasks(facts) if not is_retried_with_backoff(task)]


def test_no_task_is_retried_after_a_terminal_error(facts: Facts) -> None:
    assert not [name for name, task in tasks(facts) if task["policy"] != "JitteredRetryPolicy"]


def test_every_task_has_a_time_limit(facts: Facts) -> None:
    assert not [name for name, task in tasks(facts) if not task["timeout"]]


def test_every_pool_exists(facts: Facts) -> None:
    assert not [name for name, task in tasks(facts) if task["pool"] not in POOLS]


def test_only_speech_tasks_use_the_speech_pools(facts: Facts) -> None:
    sized = {"index_recordings": "speech", "index_recordings_backfill": "speech_backfill"}
    speech = {(dag_id, task["pool"]) for dag_id, task in by_dag(facts) if "SpeechStageOperator" in task["kinds"]}
    assert speech == set(sized.items())
    others = {task["pool"] for _, task in by_dag(facts) if "SpeechStageOperator" not in task["kinds"]}
    assert not others & set(sized.values())


def test_recordings_in_progress_come_before_new_ones(facts: Facts) -> None:
    assert not [name for name, task in tasks(facts) if "upstream" not in task["rule"].lower()]


@pytest.mark.parametrize("dag_id", ["index_recordings", "index_recordings_backfill"])
def test_diarization_finds_a_slot_as_soon_as_there_is_audio(facts: Facts, dag_id: str) -> None:
    by_id = {task["id"]: task for task in facts["dags"][dag_id]["tasks"]}
    behind = {after for task in by_id.values() if task["id"] != "normalize" for after in task["downstream"]}
    beside = set(by_id["normalize"]["downstream"]) - behind
    assert "diarize" in beside
    assert len(beside) <= POOLS[by_id["diarize"]["pool"]]["slots"]


def test_every_task_of_a_backfill_waits_for_fresh_ones(facts: Facts) -> None:
    fresh = min(task["weight"] for task in facts["dags"]["index_recordings"]["tasks"])
    assert fresh > sum(task["weight"] for task in facts["dags"]["index_recordings_backfill"]["tasks"])


def test_no_task_branches_inside_a_mapped_group(facts: Facts) -> None:
    # Airflow 3.3 also runs the branch that was not chosen there (apache/airflow#67265).
    assert not [name for name, task in tasks(facts) if branches_in_a_mapped_group(task)]


@pytest.mark.parametrize("dag_id", ["index_recordings", "index_recordings_backfill"])
def test_finish_is_last_and_always_runs(facts: Facts, dag_id: str) -> None:
    by_id = {task["id"]: task for task in facts["dags"][dag_id]["tasks"]}
    assert [id_ for id_, task in by_id.items() if not task["downstream"]] == ["finish"]
    assert by_id["finish"]["trigger_rule"] == "all_done"
    assert by_id["triage"]["downstream"] == ["queue_for_review", "transcribe"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_dag_file_only_wires_tasks(file: Path) -> None:
    text = file.read_text("utf-8")
    assert text.count("\n") <= 120
    imported = {n.module or "" for n in ast.walk(ast.parse(text)) if isinstance(n, ast.ImportFrom)}
    rooms = {name.split(".")[1] for name in imported if name.startswith("mediaindex.")}
    assert rooms <= {"orchestration", "config", "contract", "settings"}


BAD = """
import time, urllib.request
from airflow.sdk import dag, task, task_group
begun = time.process_time()
while time.process_time() - begun < {pause}: pass
{more}
@dag(schedule=None)
def bad():
    @task_group
    def each(n):
        @task.branch
        def pick(n): return "each.left"
        @task.short_circuit
        def gate(n): return False
        pick(n), gate(n)
    each.expand(n=[1, 2])
    @task(retries=1, retry_exponential_backoff=True)
    def flagged(): ...
    flagged()
bad()
"""


def test_the_rules_detect_violations(read: Callable[[Path], Facts], tmp_path: Path) -> None:
    (tmp_path / "slow_bad.py").write_text(BAD.format(pause=1.1, more=""))
    asks = BAD.format(pause=0, more="urllib.request.urlopen('http://127.0.0.1:9')")
    (tmp_path / "asks_the_network.py").write_text(asks)
    seen = read(tmp_path)
    by_id = {task["id"]: task for task in seen["dags"]["bad"]["tasks"]}
    assert branches_in_a_mapped_group(by_id["each.pick"])
    assert branches_in_a_mapped_group(by_id["each.gate"])
    assert not is_retried_with_backoff(by_id["flagged"])
    assert not by_id["flagged"]["timeout"]
    assert max(seen["seconds"].values()) >= 1
    assert "must not touch the network" in str(seen["errors"])
