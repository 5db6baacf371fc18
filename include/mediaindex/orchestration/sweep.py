"""The tasks of ``sweep_ledger``: queue the recordings of ended runs again, and plan retries that are due."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from mediaindex.catalog.base.connection import connect
from mediaindex.catalog.batches import batches, sweeping
from mediaindex.config import sources
from mediaindex.errors import ConfigError, TerminalError

from . import connections
from .defaults import FALLBACKS_A_SWEEP, INDEX_DAG, retry_policy
from .starting import plan, runs_of

log = logging.getLogger(__name__)

IsAlive = Callable[[str, str], bool]  # by DAG id and run id: whether the run is queued or running


def sweep(is_alive: IsAlive) -> dict[str, int]:
    """Settle the batches whose run has ended: queue or quarantine their unfinished recordings. Returns counts."""
    put_back = quarantined = waiting = at_work = 0
    with connect(connections.database_url()) as conn:
        for batch in sweeping.started(conn):
            if is_alive(batch.dag_id or INDEX_DAG[batch.lane], batch.dag_run_id):
                at_work += 1
                continue
            try:
                swept = sweeping.sweep(conn, batch, retry_policy())
            except TerminalError as error:  # must not delay the other batches
                log.error("batch %d: %s", batch.id, error)  # noqa: TRY400
                continue
            _log_outcome(batch, swept)
            put_back += len(swept.put_back)
            quarantined += len(swept.quarantined)
            waiting += len(swept.waiting)
        back = sweeping.requeue_fallbacks(conn, FALLBACKS_A_SWEEP)
    if back:
        log.info("the preferred recogniser works again: queued %d recordings that a fallback transcribed", len(back))
    return {
        "batches_at_work": at_work,
        "put_back": put_back,
        "quarantined": quarantined,
        "not_published": waiting,
        "fallbacks": len(back),
    }


def plan_due() -> list[dict[str, Any]]:
    """Plan queued recordings that are due. Returns the arguments of a run for each batch without one."""
    configuration = sources.load(sources.path_from_environment())
    with connect(connections.database_url()) as conn:
        for name in batches.due_sources(conn):
            try:
                source = configuration.source(name)
            except ConfigError:
                log.warning("source %s: recordings wait, but the source is not configured any more", name)
                continue
            plan(conn, source, source.lane)
        waiting = batches.unstarted(conn)
    priorities = {source.name: source.priority for source in configuration.sources}
    waiting.sort(key=lambda batch: -priorities.get(batch.source, 0))  # stable: oldest first within a priority
    return runs_of(waiting)


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
