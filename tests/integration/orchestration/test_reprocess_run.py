"""The DAG ``reprocess`` in a real Airflow: a run queues a recording once, and starts the run that indexes it again."""

from __future__ import annotations

from typing import Any

import pytest

from mediaindex.catalog.base.connection import connect
from mediaindex.catalog.batches import batches
from mediaindex.catalog.ledger import ledger
from mediaindex.catalog.transcripts import publications
from mediaindex.contract.states import ObjectState
from tests.builders.recordings import Recorded, arrive, transcribe
from tests.builders.waiting import until

pytestmark = [pytest.mark.servers, pytest.mark.timeout(1800)]  # a busy machine may take minutes for each step
RUN = "dags/reprocess/dagRuns/test_reprocess"
INDEX = "dags/index_recordings_backfill"


@pytest.fixture
def indexed(catalog_url: str) -> Recorded:
    """A recording of a configured source, with a published transcript."""
    with connect(catalog_url) as conn:
        recorded = arrive(conn, "again", bucket="media", source="recordings")
        transcribe(conn, recorded, "here is the weather")
        for due in publications.pending(conn, batch_id=recorded.batch_id):
            publications.mark_published(conn, due.id)
        assert batches.finish(conn, recorded.batch_id).indexed == 1
    return recorded


def ended(airflow: Any) -> str:
    """Wait for the end of the run. Returns the log of the task ``choose``."""
    assert until(lambda: airflow.call(RUN)["state"] in ("failed", "success"), 300, "the request has an end")
    tries = airflow.call(f"{RUN}/taskInstances/choose")["try_number"]
    log = airflow.call(f"{RUN}/taskInstances/choose/logs/{tries}?full_content=true")
    text = "\n".join(map(str, log["content"]))
    assert airflow.call(RUN)["state"] == "success", text
    return text


def test_a_run_queues_a_recording_once_also_if_it_is_cleared(airflow: Any, catalog_url: str, indexed: Recorded) -> None:
    until(
        lambda: {"reprocess", INDEX[5:]} <= {d["dag_id"] for d in airflow.call("dags")["dags"]},
        300,
        "both DAGs are read",
    )
    airflow.call(INDEX, "PATCH", {"is_paused": True})  # its runs are to be started, not to work
    conf = {"sources": ["recordings"], "stage": "find_topics"}
    body = {"dag_run_id": "test_reprocess", "logical_date": None, "conf": conf}
    airflow.call("dags/reprocess/dagRuns", "POST", body)
    log = ended(airflow)
    assert "1 recordings queued by test_reprocess, lane backfill [source recordings; stage find_topics]" in log

    with connect(catalog_url) as conn:
        (taken,) = ledger.find(conn, ids=[indexed.id])
        last = ledger.history(conn, indexed.id)[-1]
        assert (taken.state, last.code, last.actor) == ("claimed", "reprocess", "reprocess test_reprocess")
        assert "requested by test_reprocess" in str(last.reason)
        (run,) = airflow.call(f"{INDEX}/dagRuns")["dag_runs"]
        items = batches.items(conn, run["conf"]["batch_id"])
        assert [item.media_object_id for item in items] == [indexed.id]
        assert batches.unstarted(conn, "recordings") == []
        ledger.set_state(conn, indexed.id, ObjectState.INDEXED)  # made again

    airflow.call(f"{RUN}/clear", "POST", {"dry_run": False})
    until(lambda: airflow.call(f"{RUN}/taskInstances/choose")["try_number"] == 2, 300, "a second try")
    assert "1 recordings queued by test_reprocess" in ended(airflow)
    with connect(catalog_url) as conn:
        assert ledger.find(conn, ids=[indexed.id])[0].state == "indexed"
    assert len(airflow.call(f"{INDEX}/dagRuns")["dag_runs"]) == 1
