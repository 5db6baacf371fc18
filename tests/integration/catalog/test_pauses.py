"""DAGs that are paused, as sweeps of Airflows recorded them."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from mediaindex.catalog.batches import airflows, pauses
from mediaindex.catalog.ledger import discovery
from mediaindex.contract.states import SeenBy

pytestmark = pytest.mark.servers
Make = Callable[..., Any]


@pytest.fixture(autouse=True)
def no_airflow(conn: Any) -> None:
    with conn, conn.cursor() as cursor:
        cursor.execute("update airflow set dags = '{}', swept_at = null")


def swept(conn: Any, dags: dict[str, bool], *, seconds_ago: float = 0.0) -> str:
    """A new Airflow whose sweep has seen these DAGs."""
    airflow_id = str(uuid.uuid4())
    airflows.seen(conn, airflow_id)
    pauses.note(conn, airflow_id, dags)
    with conn, conn.cursor() as cursor:
        cursor.execute(
            "update airflow set swept_at = now() - make_interval(secs => %s) where id = %s", (seconds_ago, airflow_id)
        )
    return airflow_id


def paused(conn: Any) -> dict[str, int]:
    return {dag.dag_id: dag.waiting for dag in pauses.paused(conn)}


def test_paused_dags_are_told_with_what_waits_for_them(conn: Any, source: str, batch: Make, listed: Make) -> None:
    batch(2)
    seen = listed(3, start=10)
    discovery.note(conn, source, [(version, {}) for version in seen], SeenBy.LISTING)
    swept(conn, {f"discover_{source}": True, "index_recordings": True, "publish_outbox": False})
    found = paused(conn)
    assert set(found) == {f"discover_{source}", "index_recordings"}
    assert found[f"discover_{source}"] == 3
    assert found["index_recordings"] >= 2


def test_a_dag_that_runs_in_one_airflow_is_not_paused(conn: Any) -> None:
    swept(conn, {"discover_a": True, "discover_b": True})
    swept(conn, {"discover_a": False})
    assert set(paused(conn)) == {"discover_b"}
    assert [pauses.is_paused(conn, f"discover_{name}") for name in "abc"] == [False, True, None]


def test_an_airflow_that_is_gone_says_nothing(conn: Any) -> None:
    gone = swept(conn, {"discover_a": True})
    with conn, conn.cursor() as cursor:
        cursor.execute(
            "update airflow set last_seen_at = now() - make_interval(secs => %s) where id = %s",
            (airflows.SILENT_S + 60, gone),
        )
    assert paused(conn) == {}
    assert pauses.is_paused(conn, "discover_a") is None


def test_a_sweep_that_does_not_run_any_more_is_told(conn: Any) -> None:
    swept(conn, {}, seconds_ago=pauses.LATE_S + 60)
    assert set(paused(conn)) == {"sweep_ledger"}
    swept(conn, {})
    assert paused(conn) == {}
