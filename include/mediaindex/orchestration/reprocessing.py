"""What ``reprocess`` does: recordings that were asked for go back into the queue, and are planned like any other."""

from __future__ import annotations

import logging
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

from . import connections
from .starting import plan, runs_of

if TYPE_CHECKING:
    from mediaindex.catalog import Connection

log = logging.getLogger(__name__)


def choose(params: Mapping[str, Any], run_id: str) -> list[str]:
    """Put what the params name back into the queue; the sources that have something to plan.

    Asked again under the same ``run_id`` it takes nothing more. ``dry_run`` only says how many there are.
    """
    configuration = sources.load(sources.path_from_environment())
    wanted, limit, lane = read(params, configuration), int(params["limit"]), Lane(params["lane"])
    with connect(connections.database_url()) as conn:
        if params["dry_run"]:
            found = reprocessing.matching(conn, wanted)
            _tell("match, nothing is moved (dry_run)", found, wanted)
            log.info("a run takes %d of them, those that were never made again first", min(limit, sum(found.values())))
            return []
        act_as(conn, f"reprocess {run_id}")
        taken = reprocessing.ask(conn, run_id, wanted, limit=limit, lane=lane)
        _tell(f"are taken by {run_id}, lane {lane}", taken, wanted)
        _tell_what_is_left(conn, wanted, limit)
    return list(taken)


def plan_batches(names: list[str]) -> list[dict[str, Any]]:
    """Plan these sources; a run's arguments for each of their batches that has none."""
    configuration = sources.load(sources.path_from_environment())
    with connect(connections.database_url()) as conn:
        for name in names:
            source = configuration.source(name)
            plan(conn, source, source.lane)  # what this request took goes into its own lane all the same
        return runs_of([batch for name in names for batch in batches.unstarted(conn, name)])


def read(params: Mapping[str, Any], configuration: Configuration) -> Wanted:
    """The params as a request; ConfigError names the one that is wrong."""
    if params["engine"] and not params["stage"]:
        raise ConfigError("engine: stands alone; name the stage that used it, for example transcribe")
    first, last = _date(params, "from"), _date(params, "to")
    if first and last and first > last:
        raise ConfigError(f"from, to: {first} comes after {last}; exchange them")
    configured = [one.name for one in configuration.sources]
    return Wanted(
        # In one order, so that a run that is tried again asks for the same.
        sources=sorted(configuration.source(name).name for name in params["sources"] or configured),
        first=first,
        last=last,
        stage=params["stage"] or None,
        engine=params["engine"] or None,
        run_before=_moment(params, "run_before"),
        language=params["language"] or None,
    )


def _tell_what_is_left(conn: Connection, wanted: Wanted, limit: int) -> None:
    try:
        left = sum(reprocessing.matching(conn, wanted).values())
    except TransientError as error:  # what was asked for is done; this is only told
        log.warning("how many are left is not known: %s", error)
        return
    log.info("%d recordings match that are not in the queue now; another run takes the next %d", left, limit)


def _date(params: Mapping[str, Any], name: str) -> date | None:
    given = params[name]
    try:
        return date.fromisoformat(given) if given else None
    except ValueError as error:
        raise ConfigError(f"{name}: {given!r} is no date; write it like 2026-03-01") from error


def _moment(params: Mapping[str, Any], name: str) -> datetime | None:
    given = params[name]
    try:
        moment = datetime.fromisoformat(given) if given else None
    except ValueError as error:
        raise ConfigError(f"{name}: {given!r} is no moment; write it like 2026-03-01T12:00:00+00:00") from error
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment


def _tell(what: str, by_source: dict[str, int], wanted: Wanted) -> None:
    log.info("%d recordings %s [%s]", sum(by_source.values()), what, wanted)
    for source, count in by_source.items():
        log.info("  %s: %d", source, count)
