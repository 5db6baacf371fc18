from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from mediaindex.config.schedules import PRESETS, Schedule, of_variable
from mediaindex.errors import ConfigError
from mediaindex.settings import ScheduleSettings

SCHEDULES: TypeAdapter[str] = TypeAdapter(Schedule)


@pytest.mark.parametrize(
    "schedule", [*PRESETS, "*/10 * * * *", "30 6 * * 1-5", "0 0 29 2 *", "0 9 * jan-mar mon", "0 0 l * *"]
)
def test_valid_schedules(schedule: str) -> None:
    assert SCHEDULES.validate_python(schedule) == schedule


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        ("hourly", "'hourly' has 1 cron fields; write five"),
        ("* * * * * *", "has 6 cron fields; write five"),
        ("@often", "unknown preset '@often'; write five cron fields, such as .*, or one of @hourly"),
        ("60 * * * *", "the minute '60' is invalid; write 0 to 59"),
        ("* 24 * * *", "the hour '24' is invalid; write 0 to 23"),
        ("* * 32 * *", "the day of the month '32' is invalid; write 1 to 31"),
        ("* * * foo *", "the month 'foo' is invalid; write 1 to 12"),
        ("* * * * 8", "the day of the week '8' is invalid; write 0"),
        ("61 25 * * *", "the minute '61' is invalid; .* the hour '25' is invalid"),
        ("0 0 30 2 *", "'0 0 30 2 \\*' never occurs"),
        ("R * * * *", "'R' is a random value"),
        ("* * * * h", "'h' is a random value"),
    ],
)
def test_invalid_schedules_are_reported_with_the_field(schedule: str, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        SCHEDULES.validate_python(schedule)


@pytest.mark.parametrize("name", ScheduleSettings.model_fields)
def test_a_variable_is_checked_like_a_field_of_the_file(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    variable = ScheduleSettings.variable(name)
    monkeypatch.delenv(variable, raising=False)
    assert of_variable(name) == SCHEDULES.validate_python(ScheduleSettings.model_fields[name].default)
    monkeypatch.setenv(variable, "61 * * * *")
    with pytest.raises(ConfigError, match=f"{variable}: the minute '61' is invalid; write 0 to 59"):
        of_variable(name)
    monkeypatch.setenv(variable, "@often")
    with pytest.raises(ConfigError, match=f"{variable}: unknown preset"):
        of_variable(name)
