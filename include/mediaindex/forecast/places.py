"""The prefixes that a backfill would list: one per data interval, as Airflow renders them (orchestration/timetable.py).

Without Airflow, only prefixes without a date can be planned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from mediaindex.config.sources import Source
from mediaindex.errors import ConfigError, ErrorCode, TerminalError

# The runs of the source that ``airflow backfill create`` creates from the first time to the last, as of now: (source,
# first, last, now). Each as start and end of its data interval, and its prefix.
Runs = Callable[[Source, datetime, datetime, datetime], Iterable[tuple[datetime, datetime, str]]]


@dataclass(frozen=True, slots=True)
class Span:
    """From the first second of a day to the last second of another, in UTC; ``backfill create`` includes both days."""

    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class Places:
    """What to list. ``intervals``: runs that a backfill would create; 0 if Airflow is not installed.

    ``by_date``: each prefix belongs to one interval. If not, a backfill takes what was last modified within its
    intervals: not before ``begin``, and before ``end``.
    """

    prefixes: tuple[str, ...]
    intervals: int
    by_date: bool
    begin: datetime | None = None
    end: datetime | None = None

    def takes(self, last_modified: datetime) -> bool:
        """Whether a backfill of these places takes an object with this date."""
        if self.by_date:
            return True
        return self.begin is not None and self.end is not None and self.begin <= last_modified < self.end


def span(first: date, last: date) -> Span:
    """Both days whole. Raises TerminalError if ``last`` is before ``first``."""
    if last < first:
        raise TerminalError(f"--from {first} --to {last}: --to is before --from; swap them", code=ErrorCode.BAD_DATES)
    return Span(
        datetime.combine(first, time(), UTC), datetime.combine(last, time(), UTC) + timedelta(days=1, seconds=-1)
    )


def places(source: Source, wanted: Span, now: datetime, runs: Runs | None) -> Places:
    """The prefixes of the source's recordings of these days.

    ``runs``: None if Airflow is not installed. Raises ConfigError if the prefix cannot be rendered.
    """
    dated = source.literal_prefix != source.prefix
    if runs is None and dated:
        raise ConfigError(
            f"source {source.name}: Airflow renders the date in the prefix {source.prefix!r}, but is not installed "
            "here; run this command in Airflow's environment"
        )
    made = list(runs(source, wanted.first, wanted.last, now)) if runs else []
    if dated:
        return Places(tuple(_outermost(prefix for *_, prefix in made)), len(made), by_date=True)
    if runs is None:
        return Places((source.prefix,), 0, by_date=False, begin=wanted.first, end=wanted.last + timedelta(seconds=1))
    begin, end = (made[0][0], made[-1][1]) if made else (None, None)
    return Places((source.prefix,), len(made), by_date=False, begin=begin, end=end)


def _outermost(prefixes: Iterable[str]) -> Iterator[str]:
    """Each prefix once, without those that lie within another."""
    last: str | None = None
    for prefix in sorted(set(prefixes)):
        if last is None or not prefix.startswith(last):
            last = prefix
            yield prefix
