"""A speech task with a real catalog: results, retries and failures."""

from __future__ import annotations

import subprocess
import sys
import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mediaindex.catalog.base.connection import connect
from mediaindex.catalog.batches import batches
from mediaindex.catalog.ledger import ledger
from mediaindex.contract.states import ObjectState
from mediaindex.errors import ErrorCode
from mediaindex.storage.objects import ObjectVersion

pytestmark = pytest.mark.servers

DAG = """
from datetime import timedelta
from airflow.sdk import DAG
from mediaindex.orchestration.defaults import default_args
from mediaindex.orchestration.speech_operator import SpeechStageOperator
with DAG("once", schedule=None, default_args=default_args() | {{"retries": 1, "retry_delay": timedelta(0)}}) as dag:
    SpeechStageOperator(stage="normalize", batch_id="{batch_id}")
if __name__ == "__main__":
    run = dag.test()
    [task] = run.get_task_instances()
    print("TASK", task.state, task.try_number)
"""

SPEECH = f"""#!{sys.executable}
import json, os, pathlib, signal, sys
job = json.loads(pathlib.Path(sys.argv[sys.argv.index("--job") + 1]).read_text())
answer = pathlib.Path(sys.argv[sys.argv.index("--result") + 1])
leaked = [n for n in os.environ if n.startswith("AIRFLOW") or n == "MEDIAINDEX_DATABASE_URL"]
assert not leaked, leaked
def result(item):
    kind = item["name"].partition("-")[0]
    if kind == "poison":
        os.kill(os.getpid(), signal.SIGSEGV)
    if kind == "good":
        sha = item["id"].zfill(64)
        return dict(id=item["id"], status="done", audio_sha256=sha, fingerprint="f", summary=dict(duration=1.0))
    return dict(id=item["id"], status="failed", error=dict(failure_class=kind, code=kind, message="because"))
"""
ANSWER = "answer.write_text(json.dumps(dict(stage=job['stage'], items=[result(i) for i in job['items']])))\n"


def plan(catalog_url: str, *names: str) -> int:
    keys = [f"incoming/{name}-{uuid.uuid4().hex}" for name in names]
    with connect(catalog_url) as conn:
        for left in ledger.find(
            conn, source="recordings", states=[ObjectState.CLAIMED]
        ):  # by other tests: not into our batch
            ledger.set_state(conn, left.id, ObjectState.GONE)
        ledger.claim(conn, "recordings", [ObjectVersion("m", key, "e", None, 1, datetime.now(UTC)) for key in keys])
        return batches.plan(conn, "recordings")[0]


def run_task(environment: dict[str, str], batch_id: int, ending: str) -> tuple[str, int, str]:
    """State, tries and log of a normalize task."""
    home = Path(environment["AIRFLOW_HOME"])
    python = home / "speech-python"
    python.write_text(SPEECH + ending)
    python.chmod(0o755)
    folder = Path(environment["AIRFLOW__CORE__DAGS_FOLDER"])
    folder.mkdir()
    (folder / "once.py").write_text(DAG.format(batch_id=batch_id))
    done = subprocess.run(
        [sys.executable, str(folder / "once.py")],
        env=environment | {"MEDIAINDEX_SPEECH_PYTHON": str(python)},
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    tasks = [line.split() for line in done.stdout.splitlines() if line.startswith("TASK")]
    assert tasks, done.stdout + done.stderr
    return tasks[0][1], int(tasks[0][2]), done.stdout + done.stderr


def states(catalog_url: str, batch_id: int) -> dict[str, tuple[str, str | None]]:
    """State and reason code of all recordings that were ever in the batch."""
    with connect(catalog_url) as conn:
        with conn.cursor() as cursor:
            cursor.execute("select media_object_id from batch_item where batch_id = %s", (batch_id,))
            ids = [id_ for (id_,) in cursor.fetchall()]
        found = ledger.find(conn, ids=ids)
    return {one.key.split("/")[1].partition("-")[0]: (one.state, one.reason_code) for one in found}


def test_a_bad_recording_does_not_fail_the_rest_of_its_batch(
    task_environment: dict[str, str], catalog_url: str
) -> None:
    batch_id = plan(catalog_url, "good", "terminal", "transient")
    state, tries, _ = run_task(task_environment, batch_id, ANSWER)
    # The transient one is retried; after the last try it goes back into the queue, and the task succeeds.
    assert (state, tries) == ("success", 2)
    assert states(catalog_url, batch_id) == {
        "good": ("claimed", None),
        "terminal": ("quarantined", "terminal"),
        "transient": ("claimed", "transient"),
    }
    with connect(catalog_url) as conn:
        assert [item.upstream for item in batches.items(conn, batch_id)] == [{"normalize": "f"}]


def test_only_the_recording_that_crashes_the_process_fails(task_environment: dict[str, str], catalog_url: str) -> None:
    batch_id = plan(catalog_url, "good", "poison", "good")
    state, tries, log = run_task(task_environment, batch_id, ANSWER)
    assert (state, tries) == ("success", 1)
    assert states(catalog_url, batch_id) == {
        "good": ("claimed", None),
        "poison": ("claimed", "crashed_speech_process"),
    }
    with connect(catalog_url) as conn:
        assert [item.upstream for item in batches.items(conn, batch_id)] == [{"normalize": "f"}] * 2
    assert "again in halves" in log
    assert "back in the queue" in log


def test_an_unknown_batch_fails_without_retries(task_environment: dict[str, str], catalog_url: str) -> None:
    state, tries, log = run_task(task_environment, 2**40, ANSWER)
    assert (state, tries) == ("failed", 1)
    assert f"batch {2**40}: not in the catalog" in log


@pytest.mark.parametrize(
    ("ending", "state", "tries"),
    [
        ("sys.exit(10)", "failed", 1),
        ("sys.exit(11)", "skipped", 1),
        ("sys.exit(75)", "failed", 2),
        ("sys.exit(1)", "failed", 2),
    ],
    ids=["refused-fails-at-once", "nothing-skips", "transient-is-retried", "crash-is-retried"],
)
def test_exit_codes(ending: str, state: str, tries: int, task_environment: dict[str, str], catalog_url: str) -> None:
    batch_id = plan(catalog_url, "good")
    assert run_task(task_environment, batch_id, ending)[:2] == (state, tries)
    assert states(catalog_url, batch_id) == {"good": ("claimed", None)}


def test_a_batch_without_recordings_is_skipped_without_a_child(
    task_environment: dict[str, str], catalog_url: str
) -> None:
    batch_id = plan(catalog_url, "good")
    with connect(catalog_url) as conn:
        [item] = batches.items(conn, batch_id)
        ledger.set_state(conn, item.media_object_id, ObjectState.QUARANTINED, code=ErrorCode.BAD_MEDIA, reason="test")
    state, _, log = run_task(task_environment, batch_id, "print('the child runs')")
    assert state == "skipped"
    assert "the child runs" not in log
