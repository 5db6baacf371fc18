from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from airflow.sdk import DAG, timezone
from airflow.sdk.definitions.context import KNOWN_CONTEXT_KEYS
from airflow.timetables.base import TimeRestriction
from airflow.timetables.interval import CronDataIntervalTimetable
from hypothesis import given, settings
from hypothesis import strategies as st

from mediaindex.config import prefixes
from mediaindex.config.sources import Source
from mediaindex.errors import ConfigError, TerminalError
from mediaindex.forecast.places import places, span
from mediaindex.orchestration import timetable
from mediaindex.orchestration.timetable import intervals, runs
from mediaindex.orchestration.waiting import WaitForRecordings, days_of_backfill

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FIRST, LAST = datetime(2025, 3, 3, tzinfo=UTC), datetime(2025, 3, 20, 23, 59, 59, tzinfo=UTC)
HOUR = (datetime(2025, 3, 1, 6, tzinfo=UTC), datetime(2025, 3, 1, 7, tzinfo=UTC))


def source(prefix: str) -> Source:
    return Source.model_validate({"name": "calls", "bucket": "media", "prefix": prefix, "schedule": "@hourly"})


@pytest.mark.parametrize("schedule", ["@daily", "@hourly", "@weekly", "@quarterly", "*/10 * * * *", "30 6 * * 1-5"])
def test_intervals_are_those_of_a_backfill(schedule: str) -> None:
    airflows = CronDataIntervalTimetable(schedule, "UTC")
    borders = TimeRestriction(timezone.coerce_datetime(FIRST), timezone.coerce_datetime(LAST), catchup=True)
    expected, last = [], None
    while last := airflows.next_dagrun_info_v2(last_dagrun_info=last, restriction=borders):
        assert last.data_interval is not None
        expected.append((last.data_interval.start, last.data_interval.end))
    assert list(intervals(schedule, FIRST, LAST, NOW)) == expected


def test_an_interval_that_has_not_ended_is_omitted() -> None:
    ended = list(intervals("@daily", FIRST, LAST, FIRST + timedelta(days=2, hours=1)))
    assert [start.day for start, _ in ended] == [3, 4]


def test_the_number_of_intervals_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timetable, "LIMIT", 10)
    with pytest.raises(TerminalError, match="plan fewer days"):
        list(intervals("@daily", FIRST, LAST, NOW))


@settings(max_examples=30)
@given(
    schedule=st.sampled_from(["@daily", "@weekly", "0 */6 * * *", "30 6 * * 1-5"]),
    days=st.tuples(st.integers(0, 20), st.integers(0, 5)),
    now=st.integers(0, 26 * 24 * 60),
    moments=st.lists(st.integers(-2 * 24 * 60, 30 * 24 * 60), max_size=20),
)
def test_plan_counts_the_objects_that_a_backfill_takes(
    schedule: str, days: tuple[int, int], now: int, moments: list[int]
) -> None:
    """If the prefix has no date: those that were last modified in an interval of its runs; all times in minutes."""
    calls = Source.model_validate({"name": "calls", "bucket": "media", "prefix": "calls/", "schedule": schedule})
    first, last = (FIRST.date() + timedelta(days=number) for number in (days[0], sum(days)))
    wanted, present = span(first, last), FIRST + timedelta(minutes=now)
    made = list(runs(calls, wanted.first, wanted.last, present))
    contexts = [
        {
            "params": {},
            "dag_run": SimpleNamespace(run_type="backfill", data_interval_start=start, data_interval_end=end),
        }
        for start, end, _ in made
    ]
    borders = [interval for context in contexts if (interval := days_of_backfill(context, calls))]
    planned = places(calls, wanted, present, runs)
    assert len(borders) == planned.intervals == len(made)
    for moment in (FIRST + timedelta(minutes=minutes) for minutes in moments):
        assert planned.takes(moment) == any(start <= moment < end for start, end in borders)


def test_a_prefix_is_rendered_as_the_sensor_renders_it() -> None:
    prefix = (
        "{{ ds }}/{{ ds_nodash }}/{{ ts }}/{{ ts_nodash }}/{{ data_interval_end | ts_nodash_with_tz }}/"
        "{{ logical_date.add(days=1).format('YYYY') }}/{{ data_interval_start | ds }}/"
        "{{ data_interval_end | ts_nodash }}"
    )
    sensor = WaitForRecordings(task_id="wait", source_name="calls", prefix=prefix, poke_seconds=1, timeout_seconds=1)
    begins, ends = (timezone.coerce_datetime(moment) for moment in HOUR)
    run = type("Run", (), {"run_after": begins})()
    context = {"params": {}, "dag_run": run, "logical_date": begins, "data_interval_start": begins,
               "data_interval_end": ends}  # fmt: skip
    # Airflow adds these to the context of a run with a logical date.
    context |= {"ds": "2025-03-01", "ds_nodash": "20250301", "ts": begins.isoformat(), "ts_nodash": "20250301T060000"}
    assert [prefix for *_, prefix in runs(source(prefix), HOUR[0], HOUR[0], NOW)] == [sensor._rendered(context)]


@pytest.mark.parametrize("prefix", ["{{ params.place }}/", "{{ ds.nothing() }}"])
def test_a_prefix_that_cannot_be_rendered_is_named_with_its_source(prefix: str) -> None:
    with pytest.raises(ConfigError, match=r"source calls: prefix .* cannot be rendered: .*; valid names are ds,"):
        list(runs(source(prefix), HOUR[0], HOUR[0], NOW))


def test_names_that_a_prefix_may_hold_are_those_of_airflow() -> None:
    assert {*prefixes.DATES, *prefixes.OTHERS} <= KNOWN_CONTEXT_KEYS
    assert set(prefixes.FILTERS) <= set(DAG("a", schedule=None).get_template_env().filters)
