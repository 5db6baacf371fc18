"""What ``sweep_ledger`` does: recordings that a dead run left, and those whose time has come, go on."""

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

IsAlive = Callable[[str, str], bool]  # DAG and run: whether the run waits or works


def sweep(is_alive: IsAlive) -> dict[str, int]:
    """Settle the batches whose run has ended, put back what it left; how many recordings of which kind."""
    put_back = quarantined = waiting = at_work = 0
    with connect(connections.database_url()) as conn:
        for batch in sweeping.started(conn):
            if is_alive(batch.dag_id or INDEX_DAG[batch.lane], batch.dag_run_id):
                at_work += 1
                continue
            try:
                swept = sweeping.sweep(conn, batch, retry_policy())
            except TerminalError as error:  # one batch that cannot be settled must not hold up the others
                log.error("batch %d: %s", batch.id, error)  # noqa: TRY400
                continue
            _tell(batch, swept)
            put_back += len(swept.put_back)
            quarantined += len(swept.quarantined)
            waiting += len(swept.waiting)
        back = sweeping.requeue_fallbacks(conn, FALLBACKS_A_SWEEP)
    if back:
        log.info("the preferred recogniser works again: %d recordings that a fallback wrote are sent again", len(back))
    return {
        "batches_at_work": at_work,
        "put_back": put_back,
        "quarantined": quarantined,
        "not_published": waiting,
        "fallbacks": len(back),
    }


def plan_due() -> list[dict[str, Any]]:
    """Plan what waits in the queue and may be tried now; a run's arguments for each batch that has none."""
    configuration = sources.load(sources.path_from_environment())
    with connect(connections.database_url()) as conn:
        for name in batches.due_sources(conn):
            try:
                source = configuration.source(name)
            except ConfigError:
                log.warning("source %s: recordings wait, but it is not in the configuration any more", name)
                continue
            plan(conn, source, source.lane)
        waiting = batches.unstarted(conn)
    priorities = {source.name: source.priority for source in configuration.sources}
    waiting.sort(key=lambda one: -priorities.get(one.source, 0))  # stable: oldest first among equals
    return runs_of(waiting)


def _tell(batch: sweeping.StartedBatch, swept: sweeping.Swept) -> None:
    fates = {
        "back in the queue": swept.put_back,
        "quarantined": swept.quarantined,
        "back where they were": swept.kept,
    }
    for what, ids in fates.items():
        if ids:
            named = ", ".join(map(str, ids))
            log.warning(
                "batch %d: its run %s has ended; media objects %s are %s", batch.id, batch.dag_run_id, named, what
            )
