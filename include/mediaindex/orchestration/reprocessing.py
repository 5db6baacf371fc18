"""The tasks of ``reprocess``: queue the requested recordings again and plan them like any other."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from mediaindex.catalog.base.connection import connect
from mediaindex.catalog.batches import batches
from mediaindex.catalog.ledger import reprocessing
from mediaindex.catalog.ledger.lines import act_as
from mediaindex.catalog.ledger.reprocessing import Wanted
from mediaindex.config import sources
from mediaindex.config.sources import Configuration
from mediaindex.contract.states import Lane
from mediaindex.errors import ConfigError, TransientError
from mediaindex.printable import logger

from . import connections
from .identity import airflow_id
from .starting import plan, runs_of

if TYPE_CHECKING:
    from mediaindex.catalog import Connection

log = logger(__name__)


def choose(params: Mapping[str, Any], run_id: str) -> list[str]:
    """Queue the recordings that match the params. Returns the names of sources with recordings to plan.

    A repetition with the same ``run_id`` queues no further recordings. With ``dry_run`` the matching ones are only
    counted.
    """
    configuration = sources.load(sources.path_from_environment())
    wanted, limit, lane = read(params, configuration), int(params["limit"]), Lane(params["lane"])
    with connect(connections.database_url()) as conn:
        if params["dry_run"]:
            matching = reprocessing.matching(conn, wanted)
            _log_counts("match; none is queued (dry_run)", matching, wanted)
            taken = min(limit, sum(matching.values()))
            log.info("a run would take %d of them, never reprocessed ones first", taken)
            return []
        act_as(conn, f"reprocess {run_id}")
        queued = reprocessing.ask(conn, run_id, wanted, limit=limit, lane=lane, airflow_id=airflow_id(conn))
        _log_counts(f"queued by {run_id}, lane {lane}", queued, wanted)
        _log_remaining(conn, wanted, limit)
    return list(queued)


def plan_batches(names: list[str]) -> list[dict[str, Any]]:
    """Plan these sources. Returns the arguments of a run for each of their batches without one."""
    configuration = sources.load(sources.path_from_environment())
    with connect(connections.database_url()) as conn:
        for name in names:
            source = configuration.source(name)
            plan(conn, source, source.lane)  # recordings of this request keep the lane of the request
        ours = airflow_id(conn)
        return runs_of([batch for name in names for batch in batches.unstarted(conn, name, airflow_id=ours)])


def read(params: Mapping[str, Any], configuration: Configuration) -> Wanted:
    """The params as a request. Raises ConfigError, with the param's name, if one is invalid."""
    if params["engine"] and not params["stage"]:
        raise ConfigError("engine: stage is missing; choose the stage that used it, for example transcribe")
    first, last = _date(params, "from"), _date(params, "to")
    if first and last and first > last:
        raise ConfigError(f"from, to: {first} is after {last}; swap them")
    configured = [source.name for source in configuration.sources]
    return Wanted(
        # Sorted, so that a retry of the run makes the same request.
        sources=sorted(configuration.source(name).name for name in params["sources"] or configured),
        first=first,
        last=last,
        stage=params["stage"] or None,
        engine=params["engine"] or None,
        run_before=_time(params, "run_before"),
        language=params["language"] or None,
    )


def _log_remaining(conn: Connection, wanted: Wanted, limit: int) -> None:
    try:
        remaining = sum(reprocessing.matching(conn, wanted).values())
    except TransientError as error:  # the request itself is done
        log.warning("the number of remaining recordings is unknown: %s", error)
        return
    log.info("%d more recordings match; another run takes the next %d", remaining, limit)


def _date(params: Mapping[str, Any], name: str) -> date | None:
    value = params[name]
    try:
        return date.fromisoformat(value) if value else None
    except ValueError as error:
        raise ConfigError(f"{name}: {value!r} is not a date; write it as 2026-03-01") from error


def _time(params: Mapping[str, Any], name: str) -> datetime | None:
    value = params[name]
    try:
        time = datetime.fromisoformat(value) if value else None
    except ValueError as error:
        raise ConfigError(f"{name}: {value!r} is not a time; write it as 2026-03-01T12:00:00+00:00") from error
    return time.replace(tzinfo=UTC) if time and time.tzinfo is None else time


def _log_counts(outcome: str, by_source: dict[str, int], wanted: Wanted) -> None:
    log.info("%d recordings %s [%s]", sum(by_source.values()), outcome, wanted)
    for source, count in by_source.items():
        log.info("  %s: %d", source, count)
