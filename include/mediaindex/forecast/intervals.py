"""The prefixes that a backfill would list: one a data interval, as Airflow makes the intervals and renders the prefix.

``airflow backfill create`` makes a run for every interval that begins from its first date to its last and is over.
croniter, pendulum and Jinja are what Airflow itself does it with; they are in its environment.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from importlib import import_module
from typing import Any

from mediaindex.config.sources import Source
from mediaindex.errors import ConfigError, TerminalError

LIMIT = 100_000  # intervals: eleven years by the hour


@dataclass(frozen=True, slots=True)
class Span:
    """From the first moment of a day to the last second of another, UTC; ``backfill create`` takes both."""

    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class Places:
    """What to list. ``intervals``: runs that a backfill would make. ``by_date``: each prefix is an interval's own."""

    prefixes: tuple[str, ...]
    intervals: int
    by_date: bool


def span(first: date, last: date) -> Span:
    """Both days whole; TerminalError where the last comes before the first."""
    if last < first:
        raise TerminalError(f"--from {first} --to {last}: ends before it begins; turn them round", code="bad_dates")
    return Span(
        datetime.combine(first, time(), UTC), datetime.combine(last, time(), UTC) + timedelta(days=1, seconds=-1)
    )


def places(source: Source, wanted: Span, now: datetime) -> Places:
    """Where the source's recordings of these days lie; ConfigError where the prefix cannot be rendered."""
    dated = source.literal_prefix != source.prefix
    found = intervals(source.schedule, wanted, now) if dated or _installed("croniter") else ()
    if not dated:
        return Places((source.prefix,), sum(1 for _ in found), by_date=False)
    rendered = [render(source, *one) for one in found]
    return Places(tuple(_outermost(rendered)), len(rendered), by_date=True)


def intervals(schedule: str, wanted: Span, now: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Beginning and end of each interval that begins within the days and is over."""
    # From a second before: the first moment itself may begin an interval.
    moments = _library("croniter").croniter(schedule, wanted.first.replace(tzinfo=None) - timedelta(seconds=1))
    start = _utc(moments.get_next(datetime))
    for _ in range(LIMIT):
        end = _utc(moments.get_next(datetime))
        if start > wanted.last or end >= now:
            return
        yield start, end
        start = end
    raise TerminalError(f"more than {LIMIT:,} intervals of {schedule!r}; plan fewer days", code="bad_dates")


def render(source: Source, start: datetime, end: datetime) -> str:
    """The source's prefix in a run of that interval."""
    jinja, pendulum = _library("jinja2"), _library("pendulum")
    environment = _library("jinja2.sandbox").SandboxedEnvironment(undefined=jinja.StrictUndefined)
    environment.filters.update(_FILTERS)
    begins, ends = (pendulum.instance(one, tz="UTC") for one in (start, end))
    known = {name: told(begins) for name, told in _FILTERS.items()}
    known |= {"logical_date": begins, "data_interval_start": begins, "data_interval_end": ends}
    try:
        return str(environment.from_string(source.prefix).render(known))
    except (jinja.TemplateError, TypeError, ValueError, AttributeError) as error:
        raise ConfigError(
            f"source {source.name}: prefix {source.prefix!r} cannot be rendered: {error}; a forecast knows "
            f"{', '.join(known)}"
        ) from error


def _outermost(prefixes: Iterable[str]) -> Iterator[str]:
    """Each place once, whoever else names it or a part of it."""
    last: str | None = None
    for one in sorted(set(prefixes)):
        if last is None or not one.startswith(last):
            last = one
            yield one


def _no_dash(moment: datetime) -> str:
    return moment.isoformat().replace("-", "").replace(":", "")


_FILTERS: dict[str, Any] = {
    "ds": lambda moment: moment.strftime("%Y-%m-%d"),
    "ds_nodash": lambda moment: moment.strftime("%Y%m%d"),
    "ts": lambda moment: moment.isoformat(),
    "ts_nodash": lambda moment: moment.strftime("%Y%m%dT%H%M%S"),
    "ts_nodash_with_tz": _no_dash,
}


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)


def _installed(name: str) -> bool:
    try:
        import_module(name)
    except ImportError:
        return False
    return True


def _library(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise ConfigError(
            f"prefixes by date need {name}, which comes with Airflow; run this command in its environment"
        ) from error
