"""DAGs that are paused, as each Airflow's sweep recorded it: commands reach the catalog, and not always Airflow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from mediaindex.catalog.base import storable
from mediaindex.catalog.base.connection import Connection, transaction
from mediaindex.catalog.base.rows import scalar
from mediaindex.catalog.base.sql_files import query
from mediaindex.contract.dags import INDEX_DAG, SWEEP_DAG, discover_dag
from mediaindex.contract.states import ObjectState

from .airflows import SILENT_S

# The sweep runs every five minutes; after this time it is paused, or its Airflow is not there.
LATE_S = 3600.0


@dataclass(frozen=True, slots=True)
class PausedDag:
    """A DAG that was paused at ``seen_at``; ``waiting``: the recordings of the ledger that it would go on with.

    ``sweep_ledger`` cannot report itself: it counts as paused if it has not run since ``seen_at``.
    """

    dag_id: str
    seen_at: datetime
    waiting: int = 0


def note(conn: Connection, airflow_id: str, dags: Mapping[str, bool]) -> None:
    """Record for each DAG whether it is paused, as this Airflow, which the catalog knows, has it now."""
    with transaction(conn) as cursor:
        cursor.execute(
            "update airflow set dags = %s, swept_at = now() where id = %s", (storable.document(dict(dags)), airflow_id)
        )


def is_paused(conn: Connection, dag_id: str) -> bool | None:
    """Whether the DAG was paused when it was last seen; None if no Airflow that is in use has it."""
    with transaction(conn) as cursor:
        cursor.execute(
            "select bool_and((dags -> %s)::boolean) from airflow "
            "where dags ? %s and last_seen_at >= now() - make_interval(secs => %s)",
            (dag_id, dag_id, SILENT_S),
        )
        found: bool | None = scalar(cursor)
    return found


def paused(conn: Connection) -> list[PausedDag]:
    """The DAGs that are paused in every Airflow that has them, and ``sweep_ledger`` if it does not run."""
    with transaction(conn) as cursor:
        cursor.execute(query("paused_dags"), {"silent_s": SILENT_S})
        found = dict(cursor.fetchall())
        cursor.execute(
            "select max(swept_at) from airflow having max(swept_at) < now() - make_interval(secs => %s)", (LATE_S,)
        )
        if swept := scalar(cursor):
            found[SWEEP_DAG] = swept
    waiting = _waiting(conn) if found else Counter[str]()
    return [PausedDag(dag_id, seen_at, waiting[dag_id]) for dag_id, seen_at in found.items()]


def _waiting(conn: Connection) -> Counter[str]:
    """Unfinished recordings by the DAG that takes them further."""
    counts: Counter[str] = Counter()
    with transaction(conn) as cursor:
        cursor.execute(query("waiting_by_dag"))
        for state, source, lane, objects in cursor.fetchall():
            if state == ObjectState.SEEN:
                counts[discover_dag(source)] += objects
            else:
                counts[INDEX_DAG[lane] if lane else SWEEP_DAG] += objects
    return counts
