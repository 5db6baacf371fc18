"""A batch belongs to one Airflow and one run, also if several Airflows or catalogs are used in turn."""

from __future__ import annotations

import shutil
import subprocess
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mediaindex.catalog.base.connection import connect
from mediaindex.catalog.batches import airflows, batches, pauses, sweeping
from mediaindex.catalog.ledger import ledger, reprocessing
from mediaindex.contract.states import Lane
from mediaindex.orchestration import batch_job, discovery, starting, sweep
from mediaindex.storage.objects import ObjectVersion
from tests.builders.databases import migrated_database

pytestmark = pytest.mark.servers
ROOT = Path(__file__).parents[3]
OURS, THEIRS = str(uuid.UUID(int=1)), str(uuid.UUID(int=2))


@pytest.fixture
def catalog_url(server_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A separate catalog, in which the ids of batches start at 1."""
    for url in migrated_database(server_url, "identities"):
        monkeypatch.setenv("AIRFLOW_CONN_MEDIAINDEX_POSTGRES", url)
        monkeypatch.setenv("MEDIAINDEX_CONFIG", str(ROOT / "local" / "sources.yaml"))
        monkeypatch.setenv("MEDIAINDEX_BACKOFF_SECONDS", "0")
        yield url


@pytest.fixture
def conn(catalog_url: str) -> Iterator[Any]:
    with connect(catalog_url) as opened:
        yield opened


def one_batch(conn: Any) -> tuple[int, int]:
    """A planned batch and its object."""
    key = f"incoming/{uuid.uuid4().hex}.wav"
    (claimed,) = ledger.claim(conn, "recordings", [ObjectVersion("media", key, "e", None, 1, datetime.now(UTC))])
    return batches.plan(conn, "recordings")[0], claimed.id


def batch_and_attempts(conn: Any, id_: int) -> tuple[int | None, int]:
    with conn, conn.cursor() as cursor:
        cursor.execute("select batch_id, attempts from media_object where id = %s", (id_,))
        row = cursor.fetchone()
        return row[0], row[1]


def age(conn: Any, airflow_id: str) -> None:
    """Set the time at which the Airflow was last seen to before the longest possible run."""
    with conn, conn.cursor() as cursor:
        cursor.execute(
            "update airflow set last_seen_at = now() - make_interval(secs => %s) where id = %s",
            (airflows.SILENT_S + 60, airflow_id),
        )


def run_of(conn: Any, batch_id: int) -> tuple[str | None, str | None]:
    with conn, conn.cursor() as cursor:
        cursor.execute("select airflow_id, dag_run_id from batch where id = %s", (batch_id,))
        row = cursor.fetchone()
        return row[0], row[1]


@pytest.mark.timeout(900)
def test_a_sweep_of_another_airflow_leaves_live_batches_alone(
    conn: Any, catalog_url: str, migrated_file: Path, task_environment: dict[str, str], tmp_path: Path
) -> None:
    """Two real Airflows with a metadata database each; the second knows no run of the first."""
    batch_id, id_ = one_batch(conn)
    for number in (1, 2):
        shutil.copy(migrated_file, tmp_path / "airflow.db")
        environment = task_environment | {
            "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"), "AIRFLOW_CONN_MEDIAINDEX_POSTGRES": catalog_url,
        }  # fmt: skip
        command = [str(Path(shutil.which("airflow") or "airflow")), "dags", "test", "sweep_ledger"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=400, check=False)
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
        owner, run = run_of(conn, batch_id)
        assert run is not None
        batches.take_over(conn, batch_id, "index_recordings", run, airflow_id=owner)
        assert batch_and_attempts(conn, id_) == (batch_id, 0), number
    with conn, conn.cursor() as cursor:
        cursor.execute("select count(*), count(swept_at) from airflow")
        assert cursor.fetchone() == (2, 2)
    assert pauses.is_paused(conn, "publish_outbox") is False
    assert pauses.is_paused(conn, "discover_recordings") is True  # as every new one


def test_only_the_airflow_of_a_run_declares_it_dead(conn: Any) -> None:
    batch_id, id_ = one_batch(conn)
    airflows.seen(conn, THEIRS)
    batches.take_over(conn, batch_id, "index_recordings", "r", airflow_id=THEIRS)
    assert sweep.sweep(lambda dag_id, run_id: None)["of_another_airflow"] == 1
    assert sweep.sweep(lambda dag_id, run_id: False)["of_another_airflow"] == 1  # a run of ours with that name
    assert batch_and_attempts(conn, id_) == (batch_id, 0)


def test_batches_of_an_airflow_that_is_gone_are_taken_over(conn: Any) -> None:
    started, first = one_batch(conn)
    airflows.seen(conn, THEIRS)
    batches.take_over(conn, started, "index_recordings", "r", airflow_id=THEIRS)
    planned, _ = one_batch(conn)
    assert [batch.id for batch in batches.unstarted(conn, airflow_id=THEIRS)] == [planned]
    assert batches.unstarted(conn, airflow_id=OURS) == []
    age(conn, THEIRS)
    sweep.sweep(lambda dag_id, run_id: None)
    assert batch_and_attempts(conn, first) == (None, 1)
    airflows.seen(conn, OURS)
    assert [batch.id for batch in batches.unstarted(conn, airflow_id=OURS)] == [planned]


def test_one_airflow_starts_a_batch(conn: Any) -> None:
    batch_id, _ = one_batch(conn)
    (run,) = discovery.batches_to_start("recordings")
    assert run["conf"]["batch_id"] == batch_id
    airflows.seen(conn, THEIRS)
    assert batches.unstarted(conn, "recordings", airflow_id=THEIRS) == []
    assert discovery.batches_to_start("recordings") == [run]  # after a crash before the run was recorded


def test_ids_of_runs_differ_between_catalogs(conn: Any, server_url: str) -> None:
    """A new catalog under an old Airflow, and a restored one, begin with numbers that the Airflow knows already."""
    batch_id, _ = one_batch(conn)
    (run,) = discovery.batches_to_start("recordings")
    for url in migrated_database(server_url, "second"):
        with connect(url) as other:
            assert one_batch(other)[0] == batch_id
            (planned,) = batches.unstarted(other)
            assert batch_job.run_id(planned) != run["trigger_run_id"]


def test_a_run_that_ended_before_it_took_its_batch_is_not_a_failed_attempt(conn: Any) -> None:
    """As after a restore: the Airflow has ended a run that this catalog has not started yet."""
    batch_id, id_ = one_batch(conn)
    (run,) = discovery.batches_to_start("recordings")
    starting.note_started([run])
    assert sweep.sweep(lambda dag_id, run_id: False)["started_again"] == 1
    assert batch_and_attempts(conn, id_) == (batch_id, 0)
    (again,) = discovery.batches_to_start("recordings")
    assert (again["conf"], again["trigger_run_id"] == run["trigger_run_id"]) == (run["conf"], False)


def test_a_batch_without_an_airflow_id_is_settled_by_the_airflow_that_has_its_run(conn: Any) -> None:
    batch_id, id_ = one_batch(conn)
    batches.take_over(conn, batch_id, "index_recordings", f"batch_{batch_id}")
    assert sweep.sweep(lambda dag_id, run_id: None)["put_back"] == 0
    assert sweep.sweep(lambda dag_id, run_id: True)["batches_at_work"] == 1
    assert batch_and_attempts(conn, id_) == (batch_id, 0)
    assert sweep.sweep(lambda dag_id, run_id: False)["put_back"] == 1
    assert sweeping.started(conn) == []


def test_requests_of_two_airflows_with_one_run_id_are_two(conn: Any) -> None:
    wanted = reprocessing.Wanted(["recordings"])
    airflows.seen(conn, OURS)
    airflows.seen(conn, THEIRS)
    for airflow_id in (OURS, OURS, THEIRS):
        reprocessing.ask(conn, "manual_1", wanted, limit=1, lane=Lane.FRESH, airflow_id=airflow_id)
    with conn, conn.cursor() as cursor:
        cursor.execute("select count(*) from reprocessing")
        assert cursor.fetchone() == (2,)
