"""``mediaindex plan``: what a backfill will take, before it runs; and how well that was foreseen, after it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from mediaindex.errors import ErrorCode, TerminalError

from . import plan_reviews as told
from . import plan_tables as tables
from .ledger_tables import shown
from .stores import catalog

if TYPE_CHECKING:
    from mediaindex.config.sources import Configuration
    from mediaindex.forecast.forecasting import Forecast
    from mediaindex.forecast.places import RunPrefixes
    from mediaindex.forecast.tallying import Watch

DAY = ["%Y-%m-%d"]


def plan(
    source: Annotated[str | None, typer.Argument(help="A source of the sources file.")] = None,
    *,
    first: Annotated[datetime | None, typer.Option("--from", formats=DAY, help="The first day (UTC).")] = None,
    last: Annotated[datetime | None, typer.Option("--to", formats=DAY, help="The last day, all of it.")] = None,
    slots: Annotated[int | None, typer.Option(min=1, help="Speech processes at a time  [default: as the pool]")] = None,
    cores: Annotated[
        int | None, typer.Option("--assume-cores", min=1, help="Reckon with so many cores that do nothing else.")
    ] = None,
    save: Annotated[bool, typer.Option("--save/--no-save", help="Keep the forecast, for --review.")] = True,
    review: Annotated[bool, typer.Option("--review", help="Compare kept forecasts with what came of them.")] = False,
    number: Annotated[int | None, typer.Option("--forecast", help="With --review: only this one.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
) -> None:
    """What indexing a source's recordings of some days takes: files, hours, work, cost, and when it is done.

    Nothing is indexed; the prefixes of those days are listed. Figures are learned from what was done here before, and
    the output says how. Kept forecasts are compared with what came of them by --review.

    Examples:

      mediaindex plan calls --from 2025-01-01 --to 2025-03-31

      mediaindex plan calls --from 2025-01-01 --to 2025-03-31 --assume-cores 64 --no-save

      mediaindex plan calls --review
    """
    if review:
        _review(source, number, as_json)
        return
    if source is None or first is None or last is None:
        raise typer.BadParameter("say which: SOURCE --from DATE --to DATE, or --review")
    made, kept = _forecast(source, first.date(), last.date(), slots, cores, save)
    if as_json:
        print(json.dumps(tables.as_json(made, kept), ensure_ascii=False, indent=2))
    else:
        tables.forecast(shown(), made, kept)


def _forecast(
    name: str, first: date, last: date, slots: int | None, cores: int | None, save: bool
) -> tuple[Forecast, int | None]:
    from mediaindex.forecast import forecasting
    from mediaindex.forecast.places import span
    from mediaindex.forecast.workload import Machine, speech_slots
    from mediaindex.storage.client import s3_client

    days = span(first, last)
    known = _configuration()
    machine = Machine(slots or speech_slots(), cores)
    with catalog("plan") as conn, _progress() as watch:
        made = forecasting.forecast(
            conn, s3_client(), known.source(name), days, machine, _run_prefixes(), known.prices, watch
        )
        return made, forecasting.keep(conn, made) if save and made.new else None


def _run_prefixes() -> RunPrefixes | None:
    """Airflow's own; None in an environment without Airflow."""
    if find_spec("airflow") is None:
        return None
    from mediaindex.orchestration.timetable import run_prefixes

    return run_prefixes


def _review(source: str | None, number: int | None, as_json: bool) -> None:
    from mediaindex.forecast import reviewing

    with catalog("plan") as conn:
        found = reviewing.reviews(conn, source, number)
    if number is not None and not found:
        raise TerminalError(
            f"forecast {number}: not kept; `mediaindex plan --review` lists them", code=ErrorCode.NO_FORECAST
        )
    if as_json:
        print(json.dumps([told.review_as_json(one) for one in found], ensure_ascii=False, indent=2))
    else:
        told.reviews(shown(), found)


def _configuration() -> Configuration:
    from mediaindex.config import sources

    return sources.load(sources.path_from_environment())


@contextmanager
def _progress() -> Iterator[Watch]:
    """How many objects were listed so far, where a person looks on; gone when it is done."""
    console = Console(stderr=True)
    if not (console.is_terminal and sys.stdout.isatty()):
        yield lambda _listed: None
        return
    with console.status("listing …") as status:
        yield lambda listed: _show(status, listed)


def _show(status: Any, listed: int) -> None:
    status.update(f"{listed:,} objects listed …")
