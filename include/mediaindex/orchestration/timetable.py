"""The data intervals of a schedule, and the prefix of each, from Airflow's own timetable and templates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

import jinja2
from airflow.sdk import DAG, timezone
from airflow.sdk.execution_time import macros
from airflow.timetables.base import TimeRestriction
from airflow.timetables.interval import CronDataIntervalTimetable

from mediaindex.config.sources import Source
from mediaindex.errors import ConfigError, ErrorCode, TerminalError

LIMIT = 100_000  # intervals; hourly ones of eleven years
DATES = ("ds", "ds_nodash", "ts", "ts_nodash", "ts_nodash_with_tz")  # Airflow has a filter of the same name for each


Run = tuple[datetime, datetime, str]  # start and end of the data interval, and the prefix


def runs(source: Source, first: datetime, last: datetime, now: datetime) -> Iterator[Run]:
    """Each run that ``airflow backfill create`` creates for the intervals from ``first`` to ``last``.

    Raises ConfigError if the prefix cannot be rendered, and TerminalError for more than LIMIT intervals.
    """
    return _rendered(source, intervals(source.schedule, first, last, now))


def intervals(schedule: str, first: datetime, last: datetime, now: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Start and end of each interval that starts from ``first`` to ``last`` and has ended before ``now``."""
    timetable = CronDataIntervalTimetable(schedule, "UTC")
    begins, latest = timezone.coerce_datetime(first), timezone.coerce_datetime(last)
    made = timetable.next_dagrun_info_v2(
        last_dagrun_info=None, restriction=TimeRestriction(begins, latest, catchup=True)
    )
    # Later intervals follow the previous one, so their start need not be aligned again.
    rest = TimeRestriction(None, latest, catchup=True)
    for _ in range(LIMIT):
        if made is None or made.data_interval is None or made.data_interval.end >= now:
            return
        yield made.data_interval.start, made.data_interval.end
        made = timetable.next_dagrun_info_v2(last_dagrun_info=made, restriction=rest)
    raise TerminalError(f"more than {LIMIT:,} intervals of {schedule!r}; plan fewer days", code=ErrorCode.BAD_DATES)


def interval_before(schedule: str, moment: datetime) -> datetime:
    """The start of the interval that ended last before the moment."""
    timetable = CronDataIntervalTimetable(schedule, "UTC")
    return timetable.infer_manual_data_interval(run_after=timezone.coerce_datetime(moment)).start


def _rendered(source: Source, interval_ends: Iterable[tuple[datetime, datetime]]) -> Iterator[Run]:
    environment = DAG("plan", schedule=None).get_template_env(force_sandboxed=True)
    try:
        template = environment.from_string(source.prefix)
        for start, end in interval_ends:
            begins, ends = timezone.coerce_datetime(start), timezone.coerce_datetime(end)
            known = {name: environment.filters[name](begins) for name in DATES}
            known |= {
                "macros": macros,
                "logical_date": begins,
                "data_interval_start": begins,
                "data_interval_end": ends,
            }
            yield start, end, str(template.render(known))
    except (jinja2.TemplateError, TypeError, ValueError, AttributeError) as error:
        raise ConfigError(
            f"source {source.name}: prefix {source.prefix!r} cannot be rendered: {error}; valid names are "
            f"{', '.join((*DATES, 'logical_date', 'data_interval_start', 'data_interval_end'))}"
        ) from error
