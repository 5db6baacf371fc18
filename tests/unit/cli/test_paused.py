"""A DAG that is paused is named, with what does not happen and the command that ends it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

pytest.importorskip("psycopg2")
from mediaindex.catalog.batches import pauses
from mediaindex.catalog.batches.pauses import PausedDag
from mediaindex.cli import paused
from mediaindex.contract import dags

WHEN = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def test_a_paused_dag_is_told_with_its_effect_and_its_remedy() -> None:
    assert paused.line(PausedDag("discover_calls", WHEN, 3)) == (
        "discover_calls is paused, as of 2026-11-21 12:00:00: new recordings of calls, and backfills, are not found; "
        "3 recordings wait. To go on: airflow dags unpause discover_calls"
    )


def test_a_sweep_that_does_not_run_is_told() -> None:
    assert "has not run since 2026-11-21 12:00:00" in paused.line(PausedDag("sweep_ledger", WHEN))


@pytest.mark.parametrize("dag_id", [value for value in vars(dags).values() if isinstance(value, str) and "_" in value])
def test_every_dag_has_its_effect(dag_id: str) -> None:
    if dag_id.isidentifier() and not dag_id.startswith("_") and not dag_id.endswith("_"):
        assert dag_id in paused.line(PausedDag(dag_id, WHEN))


def test_dags_of_other_sources_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [PausedDag(name, WHEN) for name in ("discover_calls", "discover_shows", "publish_outbox")]
    monkeypatch.setattr(pauses, "paused", lambda conn: found)
    conn: Any = None
    assert [dag.dag_id for dag in paused.dags(conn, "calls")] == ["discover_calls", "publish_outbox"]
    assert paused.dags(conn) == found
