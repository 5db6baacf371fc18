"""The tasks of ``sweep_ledger``: queue the recordings of ended runs again, and plan retries that are due."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mediaindex.catalog.base.connection import connect
from mediaindex.catalog.batches import batches, sweeping
from mediaindex.catalog.ledger import sources as known
from mediaindex.config import sources
from mediaindex.contract.dags import INDEX_DAG
from mediaindex.errors import TerminalError
from mediaindex.printable import logger

from . import connections
from .defaults import FALLBACKS_A_SWEEP, retry_policy
from .identity import airflow_id, note_sources
from .starting import plan, runs_of

if TYPE_CHECKING:
    from mediaindex.catalog import Connection

log = logger(__name__)

# By DAG id and run id: whether the run is queued or running; None if this Airflow has no such run.
IsAlive = Callable[[str, str], bool | None]


def sweep(is_alive: IsAlive) -> dict[str, int]:
    """Settle the batches whose run has ended: queue or quarantine their unfinished recordings. Returns counts."""
    counts = Counter(
        batches_at_work=0, of_another_airflow=0, started_again=0, put_back=0, quarantined=0, not_published=0
    )
    with connect(connections.database_url()) as conn:
        ours = airflow_id(conn)
        for batch in sweeping.started(conn):
            if (other_count := _not_over(batch, ours, is_alive)) is not None:
                counts[other_count] += 1
            else:
                counts += _settle(conn, batch)
        back = sweeping.requeue_fallbacks(conn, FALLBACKS_A_SWEEP)
    if back:
        log.info("the preferred recogniser works again: queued %d recordings that a fallback transcribed", len(back))
    return {**counts, "fallbacks": len(back)}


def _not_over(batch: sweeping.StartedBatch, ours: str, is_alive: IsAlive) -> str | None:
    """The count of a batch whose run has not ended as far as this Airflow knows; None if it has ended."""
    if batch.airflow_id not in (None, ours):
        return None if batch.is_silent else "of_another_airflow"
    alive = is_alive(batch.dag_id or INDEX_DAG[batch.lane], batch.dag_run_id)
    if alive:
        return "batches_at_work"
    if alive is None and batch.airflow_id is None and not batch.is_silent:
        return "of_another_airflow"  # started before Airflows had ids, and not necessarily by this one
    return None


def _settle(conn: Connection, batch: sweeping.StartedBatch) -> Counter[str]:
    """Settle a batch whose run has ended. Returns counts."""
    try:
        if sweeping.restart(conn, batch):
            log.warning("batch %d: run %s ended before its first task; another is started", batch.id, batch.dag_run_id)
            return Counter(started_again=1)
        swept = sweeping.sweep(conn, batch, retry_policy())
    except TerminalError as error:  # must not delay the other batches
        log.error("batch %d: %s", batch.id, error)  # noqa: TRY400
        return Counter()
    _log_outcome(batch, swept)
    return Counter(put_back=len(swept.put_back), quarantined=len(swept.quarantined), not_published=len(swept.waiting))


def plan_due() -> list[dict[str, Any]]:
    """Plan queued recordings that are due. Returns the arguments of a run for each batch without one."""
    configuration = sources.load(sources.path_from_environment())
    with connect(connections.database_url()) as conn:
        ours = airflow_id(conn)
        _note_sources(conn, configuration)
        configured = {source.name: source for source in configuration.sources}
        for name in batches.due_sources(conn):
            if name in configured:  # of another Airflow, or absent, otherwise
                plan(conn, configured[name], configured[name].lane)
        waiting = batches.unstarted(conn, airflow_id=ours)
    priorities = {source.name: source.priority for source in configuration.sources}
    waiting.sort(key=lambda batch: -priorities.get(batch.source, 0))  # stable: oldest first within a priority
    return runs_of(waiting)


def _note_sources(conn: Connection, configuration: sources.Configuration) -> None:
    """Record which sources are configured; set the recordings of the others aside, and queue those that are back."""
    note_sources(conn, configuration)
    if back := known.restore(conn, [source.name for source in configuration.sources]):
        log.info("queued %d recordings again, whose source is in the sources file again", back)
    for absent in known.absent(conn):
        if ids := known.set_aside(conn, absent):
            log.warning("source %s: %d recordings are set aside: %s", absent.name, len(ids), absent.reason)


def _log_outcome(batch: sweeping.StartedBatch, swept: sweeping.Swept) -> None:
    outcomes = {
        "are back in the queue": swept.put_back,
        "are quarantined": swept.quarantined,
        "keep their state": swept.kept,
    }
    for outcome, ids in outcomes.items():
        if ids:
            listed = ", ".join(map(str, ids))
            log.warning("batch %d: run %s has ended; media objects %s %s", batch.id, batch.dag_run_id, listed, outcome)
