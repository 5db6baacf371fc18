"""The ids of the DAGs, which the catalog, commands and tasks name."""

from __future__ import annotations

from .states import Lane

INDEX_DAG = {Lane.FRESH: "index_recordings", Lane.BACKFILL: "index_recordings_backfill"}
SWEEP_DAG = "sweep_ledger"
EVENTS_DAG = "receive_events"
PUBLISH_DAG = "publish_outbox"
PODCASTS_DAG = "collect_podcasts"
RETENTION_DAG = "apply_retention"
_DISCOVER = "discover_"


def discover_dag(source: str) -> str:
    """The DAG that lists a source."""
    return _DISCOVER + source


def discovered(dag_id: str) -> str | None:
    """The source that this DAG lists; None for any other DAG."""
    return dag_id.removeprefix(_DISCOVER) if dag_id.startswith(_DISCOVER) else None
