from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

pytest.importorskip("croniter", reason="comes with Airflow")
from mediaindex.config.sources import Source
from mediaindex.errors import ConfigError, TerminalError
from mediaindex.forecast import intervals
from mediaindex.forecast.intervals import places, render, span

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MARCH = span(date(2025, 3, 1), date(2025, 3, 31))


def source(prefix: str, **more: Any) -> Source:
    return Source.model_validate({"name": "calls", "bucket": "media", "prefix": prefix, "schedule": "@daily", **more})


def test_a_daily_prefix_is_one_place_a_day_the_last_day_too() -> None:
    found = places(source("calls/{{ ds }}/"), MARCH, NOW)
    assert (len(found.prefixes), found.intervals, found.by_date) == (31, 31, True)
    assert (found.prefixes[0], found.prefixes[-1]) == ("calls/2025-03-01/", "calls/2025-03-31/")


def test_the_last_day_is_whole_by_the_hour_as_well() -> None:
    hourly = source("calls/{{ data_interval_start.strftime('%Y/%m/%d/%H') }}/", schedule="@hourly")
    assert places(hourly, span(date(2025, 3, 31), date(2025, 3, 31)), NOW).prefixes[-1] == "calls/2025/03/31/23/"


def test_an_interval_that_is_not_over_is_left_out_as_airflow_does() -> None:
    during = datetime(2025, 3, 10, 12, tzinfo=UTC)
    assert places(source("{{ ds }}/"), MARCH, during).prefixes[-1] == "2025-03-09/"


def test_a_place_that_several_intervals_share_is_listed_once() -> None:
    monthly = source("{{ data_interval_start.strftime('%Y-%m') }}/")
    assert places(monthly, MARCH, NOW).prefixes == ("2025-03/",)


def test_a_place_within_another_is_not_listed_twice() -> None:
    unpadded = source("{{ data_interval_start.day }}")
    assert places(unpadded, MARCH, NOW).prefixes == tuple("123456789")


def test_a_prefix_without_a_date_is_one_place_for_all_days() -> None:
    found = places(source("calls/"), MARCH, NOW)
    assert (found.prefixes, found.by_date) == (("calls/",), False)


def test_a_prefix_that_needs_a_run_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match=r"source calls: prefix .*'params' is undefined; a forecast knows ds,"):
        places(source("{{ params.place }}/"), MARCH, NOW)


def test_days_the_wrong_way_round_are_refused() -> None:
    with pytest.raises(TerminalError, match="turn them round"):
        span(date(2025, 3, 2), date(2025, 3, 1))


@pytest.mark.parametrize("schedule", ["@daily", "@hourly", "@weekly", "*/10 * * * *", "30 6 * * 1-5", "0 0 1 * *"])
def test_intervals_are_those_of_airflow(schedule: str) -> None:
    timetables = pytest.importorskip("airflow.timetables.interval")
    base = pytest.importorskip("airflow.timetables.base")
    pendulum = pytest.importorskip("pendulum")
    airflows = timetables.CronDataIntervalTimetable(schedule, "UTC")
    wanted = span(date(2025, 3, 3), date(2025, 3, 20))
    borders = base.TimeRestriction(pendulum.instance(wanted.first), pendulum.instance(wanted.last), catchup=True)
    expected, last = [], None
    while info := airflows.next_dagrun_info(last_automated_data_interval=last, restriction=borders):
        last = info.data_interval
        expected.append((last.start, last.end))
    assert list(intervals.intervals(schedule, wanted, NOW)) == expected


def test_a_prefix_is_rendered_as_the_sensor_renders_it() -> None:
    waiting = pytest.importorskip("mediaindex.orchestration.waiting")
    pendulum = pytest.importorskip("pendulum")
    start, end = datetime(2025, 3, 1, 6, tzinfo=UTC), datetime(2025, 3, 1, 7, tzinfo=UTC)
    prefix = (
        "{{ ds }}/{{ ds_nodash }}/{{ ts }}/{{ ts_nodash }}/{{ data_interval_end | ts_nodash_with_tz }}/"
        "{{ logical_date.add(days=1).format('YYYY') }}/{{ data_interval_start | ds }}/"
        "{{ data_interval_end | ts_nodash }}"
    )
    sensor = waiting.WaitForRecordings(
        task_id="wait", source_name="calls", prefix=prefix, poke_seconds=1, timeout_seconds=1
    )
    begins, ends = pendulum.instance(start), pendulum.instance(end)
    run = type("Run", (), {"run_after": begins})()
    context = {"params": {}, "dag_run": run, "logical_date": begins, "data_interval_start": begins,
               "data_interval_end": ends}  # fmt: skip
    # What Airflow adds to the context of a run with a logical date.
    context |= {"ds": "2025-03-01", "ds_nodash": "20250301", "ts": begins.isoformat(), "ts_nodash": "20250301T060000"}
    assert render(source(prefix), start, end) == sensor._rendered(context)


def test_there_is_an_end_to_intervals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intervals, "LIMIT", 10)
    with pytest.raises(TerminalError, match="plan fewer days"):
        list(intervals.intervals("@daily", MARCH, NOW + timedelta(days=1)))
