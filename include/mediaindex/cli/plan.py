"""``mediaindex plan``: forecast what a backfill takes, and compare forecasts with actual figures afterwards."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mediaindex.contract.dags import INDEX_DAG, discover_dag
from mediaindex.contract.states import Lane
from mediaindex.errors import ErrorCode, TerminalError

from . import plan_tables
from .ledger_tables import table_console
from .options import Json, catalog
from .terminal import Terminal, say_json

if TYPE_CHECKING:
    from mediaindex.catalog import Connection
    from mediaindex.config.sources import Configuration
    from mediaindex.forecast.forecasting import Forecast
    from mediaindex.forecast.places import Runs
    from mediaindex.forecast.tallying import Watch

DAY = ["%Y-%m-%d"]
Slots = Annotated[
    int | None,
    typer.Option(min=1, help="The number of parallel speech processes; by default the slots of the pool."),
]
Cores = Annotated[
    int | None, typer.Option("--assume-cores", min=1, help="Assume this many processor cores without other work.")
]
ForecastId = Annotated[int | None, typer.Option("--forecast", help="With --review: only the forecast with this id.")]


def plan(
    source: Annotated[str | None, typer.Argument(help="The name of a source in the sources file.")] = None,
    *,
    first: Annotated[datetime | None, typer.Option("--from", formats=DAY, help="The first day (UTC).")] = None,
    last: Annotated[datetime | None, typer.Option("--to", formats=DAY, help="The last day, inclusive (UTC).")] = None,
    slots: Slots = None,
    cores: Cores = None,
    save: Annotated[bool, typer.Option("--save/--no-save", help="Whether to keep the forecast for --review.")] = True,
    review: Annotated[bool, typer.Option("--review", help="Compare kept forecasts with actual figures.")] = False,
    number: ForecastId = None,
    as_json: Json = False,
) -> None:
    """Forecast what indexing a source's recordings of some days takes: files, hours, work, cost and finish time.

    The prefixes of these days are listed; nothing is indexed. Figures are learned from earlier work of this
    installation; the output says how each was estimated.

    Examples:

      mediaindex plan calls --from 2025-01-01 --to 2025-03-31

      mediaindex plan calls --from 2025-01-01 --to 2025-03-31 --assume-cores 64 --no-save

      mediaindex plan calls --review
    """
    if review:
        _review(source, number, as_json)
        return
    if source is None or first is None or last is None:
        raise typer.BadParameter("write SOURCE --from DATE --to DATE, or --review")
    made, kept, stopped = _forecast(source, first.date(), last.date(), slots, cores, save)
    if as_json:
        say_json(plan_tables.as_json(made, kept, stopped), indent=2)
    else:
        plan_tables.forecast(table_console(), made, kept, stopped)


def _forecast(
    name: str, first: date, last: date, slots: int | None, cores: int | None, save: bool
) -> tuple[Forecast, int | None, list[str]]:
    """The forecast, its number if it is kept, and the DAGs that are to be unpaused for the backfill."""
    from mediaindex.forecast import forecasting
    from mediaindex.forecast.places import span
    from mediaindex.forecast.workload import Machine, speech_slots
    from mediaindex.storage.client import s3_client

    days = span(first, last)
    known = _configuration()
    machine = Machine(slots or speech_slots(), cores)
    with catalog("plan") as conn, _progress() as watch:
        made = forecasting.forecast(conn, s3_client(), known.source(name), days, machine, _runs(), known.prices, watch)
        return made, forecasting.keep(conn, made) if save and made.new else None, _stopped(conn, name)


def _stopped(conn: Connection, source: str) -> list[str]:
    """The DAGs whose runs would stay queued. A new DAG is paused, so one that no Airflow has told of counts as such."""
    from mediaindex.catalog.batches import pauses

    discover, index = discover_dag(source), INDEX_DAG[Lane.BACKFILL]
    found = [discover] if pauses.is_paused(conn, discover) is not False else []
    return [*found, index] if pauses.is_paused(conn, index) else found


def _runs() -> Runs | None:
    """Runs as Airflow creates them; None in an environment without Airflow."""
    if find_spec("airflow") is None:
        return None
    from mediaindex.orchestration.timetable import runs

    return runs


def _review(source: str | None, number: int | None, as_json: bool) -> None:
    from mediaindex.forecast import reviewing

    with catalog("plan") as conn:
        reviews = reviewing.reviews(conn, source, number)
    if number is not None and not reviews:
        raise TerminalError(
            f"forecast {number} does not exist; `mediaindex plan --review` lists kept forecasts",
            code=ErrorCode.NO_FORECAST,
        )
    if as_json:
        say_json([plan_tables.review_as_json(each) for each in reviews], indent=2)
    else:
        plan_tables.reviews(table_console(), reviews)


def _configuration() -> Configuration:
    from mediaindex.config import sources

    return sources.load(sources.path_from_environment())


@contextmanager
def _progress() -> Iterator[Watch]:
    """Show the number of listed objects while the listing runs, if the output is a terminal."""
    console = Terminal(stderr=True)
    if not (console.is_terminal and sys.stdout.isatty()):
        yield lambda _listed: None
        return
    with console.status("Listing objects") as status:
        yield lambda listed: _show(status, listed)


def _show(status: Any, listed: int) -> None:
    status.update(f"Listed {listed:,} objects")
