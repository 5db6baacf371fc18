"""DAGs that are paused: a line each, with what does not happen and the command that ends it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from mediaindex.contract.dags import (
    EVENTS_DAG,
    INDEX_DAG,
    PODCASTS_DAG,
    PUBLISH_DAG,
    RETENTION_DAG,
    SWEEP_DAG,
    discovered,
)
from mediaindex.contract.states import Lane

from .figures import count_of
from .ledger_tables import when

if TYPE_CHECKING:
    from mediaindex.catalog import Connection
    from mediaindex.catalog.batches.pauses import PausedDag

_EFFECTS = {
    INDEX_DAG[Lane.FRESH]: "new recordings are not indexed",
    INDEX_DAG[Lane.BACKFILL]: "backfills and reprocessing do not go on",
    SWEEP_DAG: "nothing is tried again",
    EVENTS_DAG: "announced uploads stay in their queue",
    PUBLISH_DAG: "changes do not reach the search",
    PODCASTS_DAG: "feeds are not read",
    RETENTION_DAG: "nothing is removed by its age",
}


def dags(conn: Connection, source: str | None = None) -> list[PausedDag]:
    """The paused DAGs; with ``source`` without those that list other sources."""
    from mediaindex.catalog.batches import pauses

    return [dag for dag in pauses.paused(conn) if source is None or discovered(dag.dag_id) in (None, source)]


def line(dag: PausedDag) -> str:
    """What is paused, what does not happen, and what to do."""
    source = discovered(dag.dag_id)
    effect = f"new recordings of {source}, and backfills, are not found" if source else _EFFECTS[dag.dag_id]
    waiting = f"; {count_of(dag.waiting, 'recording')} {'waits' if dag.waiting == 1 else 'wait'}" if dag.waiting else ""
    if dag.dag_id == SWEEP_DAG:
        state = f"has not run since {when(dag.seen_at)}, because it is paused or Airflow is away"
    else:
        state = f"is paused, as of {when(dag.seen_at)}"
    return f"{dag.dag_id} {state}: {effect}{waiting}. To go on: {unpause(dag.dag_id)}"


def unpause(dag_id: str) -> str:
    """The command that ends the pause."""
    return f"airflow dags unpause {dag_id}"


def as_json(paused: list[PausedDag]) -> list[dict[str, Any]]:
    """The paused DAGs for programs."""
    return [asdict(dag) | {"remedy": unpause(dag.dag_id)} for dag in paused]
