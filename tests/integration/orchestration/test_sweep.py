"""The sweep, with given states of runs instead of Airflow."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mediaindex.catalog.base.connection import connect
from mediaindex.catalog.base.rows import scalar
from mediaindex.catalog.batches import batches
from mediaindex.catalog.ledger import ledger
from mediaindex.errors import TerminalError
from mediaindex.orchestration import batch_job, indexing, starting, sweep
from mediaindex.storage.objects import ObjectVersion
from tests.builders.databases import migrated_database

pytestmark = pytest.mark.servers
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def catalog_url(server_url: str) -> Iterator[str]:
    """A separate catalog, because the sweep queues recordings of all batches."""
    yield from migrated_database(server_url, "sweep")


@pytest.fixture(autouse=True)
def our_settings(catalog_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_MEDIAINDEX_POSTGRES", catalog_url)
    monkeypatch.setenv("MEDIAINDEX_CONFIG", str(ROOT / "local" / "sources.yaml"))
    monkeypatch.setenv("MEDIAINDEX_BACKOFF_SECONDS", "0")


def claim(catalog_url: str, source: str = "recordings") -> int:
    with connect(catalog_url) as conn:
        key = f"incoming/{uuid.uuid4().hex}.wav"
        return ledger.claim(conn, source, [ObjectVersion("media", key, "e", None, 1, datetime.now(UTC))])[0].id


def batch_of(catalog_url: str, id_: int) -> int | None:
    with connect(catalog_url) as conn, conn.cursor() as cursor:
        cursor.execute("select batch_id from media_object where id = %s", (id_,))
        found: int | None = scalar(cursor)
        return found


def test_only_recordings_of_ended_runs_start_again(catalog_url: str) -> None:
    dead, alive = claim(catalog_url), claim(catalog_url, "trials")
    started = sweep.plan_due()
    starting.note_started(started)
    first, second = batch_of(catalog_url, dead), batch_of(catalog_url, alive)
    assert {first, second} <= {one["conf"]["batch_id"] for one in started}
    assert not {first, second} & {one["conf"]["batch_id"] for one in sweep.plan_due()}  # they have their runs

    runs = {one["conf"]["batch_id"]: one["trigger_run_id"] for one in started}
    batch_job.take_over(first or 0, "index_recordings", runs[first])
    sweep.sweep(lambda dag_id, run_id: (dag_id, run_id) != ("index_recordings", runs[first]))
    assert batch_of(catalog_url, dead) is None
    assert batch_of(catalog_url, alive) == second
    again = {one["conf"]["batch_id"]: one for one in sweep.plan_due()}
    third = batch_of(catalog_url, dead)
    assert third not in (None, first)
    assert again[third]["trigger_dag_id"] == "index_recordings"
    assert again[third]["trigger_run_id"].startswith(f"recordings_batch_{third}_")


def test_a_source_that_is_not_configured_any_more_does_not_stop_others(catalog_url: str) -> None:
    stranger, ours = claim(catalog_url, f"source-{uuid.uuid4().hex}"), claim(catalog_url)
    sweep.plan_due()
    assert batch_of(catalog_url, stranger) is None
    assert batch_of(catalog_url, ours) is not None


def test_finish_fails_for_an_unknown_batch() -> None:
    with pytest.raises(TerminalError, match="not in the catalog"):
        indexing.finish(2**40)


def test_finish_fails_while_recordings_are_unfinished(catalog_url: str) -> None:
    left = claim(catalog_url)
    sweep.plan_due()
    batch_id = batch_of(catalog_url, left)
    assert batch_id is not None
    for _ in range(2):  # another try comes to the same verdict
        with pytest.raises(TerminalError, match="recordings are unfinished"):
            indexing.finish(batch_id)
    with connect(catalog_url) as conn:
        (one,) = ledger.find(conn, ids=[left])
        assert (one.state, one.reason_code) == ("claimed", "run_failed")
        assert [item.media_object_id for item in batches.items(conn, batch_id)].count(left) == 1
