from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from mediaindex.config.schedules import PRESETS, Schedule

SCHEDULES: TypeAdapter[str] = TypeAdapter(Schedule)


@pytest.mark.parametrize(
    "schedule", [*PRESETS, "*/10 * * * *", "30 6 * * 1-5", "0 0 29 2 *", "0 9 * jan-mar mon", "0 0 l * *"]
)
def test_what_airflow_reads_is_a_schedule(schedule: str) -> None:
    assert SCHEDULES.validate_python(schedule) == schedule


@pytest.mark.parametrize(
    ("schedule", "told"),
    [
        ("hourly", "'hourly' has 1 cron fields; write five"),
        ("* * * * * *", "has 6 cron fields; write five"),
        ("@often", "'@often' is no known interval; write five cron fields like .*, or one of @hourly"),
        ("60 * * * *", "the minute '60' is invalid; write 0 to 59"),
        ("* 24 * * *", "the hour '24' is invalid; write 0 to 23"),
        ("* * 32 * *", "the day of the month '32' is invalid; write 1 to 31"),
        ("* * * foo *", "the month 'foo' is invalid; write 1 to 12"),
        ("* * * * 8", "the day of the week '8' is invalid; write 0"),
        ("61 25 * * *", "the minute '61' is invalid; .* the hour '25' is invalid"),
        ("0 0 30 2 *", "'0 0 30 2 \\*' never occurs"),
    ],
)
def test_what_is_no_schedule_names_the_field(schedule: str, told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        SCHEDULES.validate_python(schedule)
