from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from mediaindex.config.sources import Source
from mediaindex.errors import ConfigError, TerminalError
from mediaindex.forecast import places as module
from mediaindex.forecast.places import Places, Span, span
from mediaindex.orchestration.timetable import runs

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MARCH = span(date(2025, 3, 1), date(2025, 3, 31))


def source(prefix: str, **more: Any) -> Source:
    return Source.model_validate({"name": "calls", "bucket": "media", "prefix": prefix, "schedule": "@daily", **more})


def places(of: Source, wanted: Span, now: datetime) -> Places:
    return module.places(of, wanted, now, runs)


def test_a_daily_prefix_is_listed_once_per_day() -> None:
    found = places(source("calls/{{ ds }}/"), MARCH, NOW)
    assert (len(found.prefixes), found.intervals, found.by_date) == (31, 31, True)
    assert (found.prefixes[0], found.prefixes[-1]) == ("calls/2025-03-01/", "calls/2025-03-31/")


def test_an_hourly_prefix_covers_the_whole_last_day() -> None:
    hourly = source("calls/{{ data_interval_start.strftime('%Y/%m/%d/%H') }}/", schedule="@hourly")
    assert places(hourly, span(date(2025, 3, 31), date(2025, 3, 31)), NOW).prefixes[-1] == "calls/2025/03/31/23/"


def test_an_unfinished_interval_is_left_out_as_in_airflow() -> None:
    during = datetime(2025, 3, 10, 12, tzinfo=UTC)
    assert places(source("{{ ds }}/"), MARCH, during).prefixes[-1] == "2025-03-09/"


def test_a_prefix_shared_by_several_intervals_is_listed_once() -> None:
    monthly = source("{{ data_interval_start.strftime('%Y-%m') }}/")
    assert places(monthly, MARCH, NOW).prefixes == ("2025-03/",)


def test_a_prefix_within_another_is_not_listed_twice() -> None:
    unpadded = source("{{ data_interval_start.day }}")
    assert places(unpadded, MARCH, NOW).prefixes == tuple("123456789")


def test_a_prefix_without_a_date_is_listed_once() -> None:
    found = places(source("calls/"), MARCH, NOW)
    assert (found.prefixes, found.by_date) == (("calls/",), False)


def test_without_a_date_a_backfill_takes_what_was_modified_in_its_intervals() -> None:
    weekly = source("calls/", schedule="@weekly")
    wanted = span(date(2025, 3, 3), date(2025, 3, 20))  # Sundays 9 and 16 start an interval of a week
    found = places(weekly, wanted, NOW)
    days = {day: found.takes(datetime(2025, 3, day, tzinfo=UTC)) for day in (8, 9, 20, 22, 23)}
    assert days == {8: False, 9: True, 20: True, 22: True, 23: False}
    assert not places(weekly, span(date(2025, 3, 3), date(2025, 3, 4)), NOW).takes(datetime(2025, 3, 3, tzinfo=UTC))
    assert module.places(weekly, wanted, NOW, None).takes(datetime(2025, 3, 20, 23, 59, 59, 500_000, UTC))


def test_a_prefix_that_needs_a_run_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"source calls: prefix .*'params' is undefined; valid names are ds,"):
        places(source("{{ params.place }}/"), MARCH, NOW)


def test_reversed_days_are_refused() -> None:
    with pytest.raises(TerminalError, match="swap them"):
        span(date(2025, 3, 2), date(2025, 3, 1))


def test_without_airflow_only_a_prefix_with_a_date_is_refused() -> None:
    assert module.places(source("calls/"), MARCH, NOW, None).prefixes == ("calls/",)
    with pytest.raises(ConfigError, match="source calls: Airflow renders the date"):
        module.places(source("calls/{{ ds }}/"), MARCH, NOW, None)
