"""Schedules as Airflow reads them: five cron fields, or the name of an interval."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Annotated

from pydantic import AfterValidator

from mediaindex.errors import ConfigError
from mediaindex.settings import ScheduleSettings

# Presets of Airflow and croniter.
PRESETS = ("@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@quarterly", "@yearly", "@annually")
FIELDS = {
    "minute": "0 to 59",
    "hour": "0 to 23",
    "day of the month": "1 to 31",
    "month": "1 to 12, or jan to dec",
    "day of the week": "0 (Sunday) to 6, or sun to sat",
}


@cache
def _schedule(text: str) -> str:
    if text in PRESETS:
        return text
    fields = text.split()
    if len(fields) != len(FIELDS):
        what = f"unknown preset {text!r}" if text.startswith("@") else f"{text!r} has {len(fields)} cron fields"
        raise ValueError(f"{what}; write five cron fields, such as '*/10 * * * *', or one of {', '.join(PRESETS)}")
    if random := [field for field in fields if _RANDOM.search(field)]:
        raise ValueError(f"{random[0]!r} is a random value, which Airflow draws anew each time; write a number")
    from croniter import CroniterBadDateError, CroniterError, croniter  # with Airflow: only if there are cron fields

    try:
        croniter(text, _ANY_DAY, max_years_between_matches=8).get_next()
    except CroniterBadDateError as error:
        raise ValueError(f"{text!r} never occurs; write a day that the month has") from error
    except CroniterError as error:
        raise ValueError("; ".join(_wrong_fields(fields)) or f"{error}; write five cron fields") from error
    return text


def _wrong_fields(fields: Sequence[str]) -> Iterator[str]:
    from croniter import croniter

    for index, (field, (name, allowed)) in enumerate(zip(fields, FIELDS.items(), strict=True)):
        if not croniter.is_valid(" ".join(field if at == index else "*" for at in range(len(fields)))):
            yield f"the {name} {field!r} is invalid; write {allowed}"


def of_variable(name: str) -> str:
    """The schedule in a variable of ScheduleSettings. Raises ConfigError that names the variable and the field."""
    text = str(getattr(ScheduleSettings.read(), name))
    if text == ScheduleSettings.model_fields[name].default:
        return text
    try:
        return _schedule(text)
    except ValueError as error:
        raise ConfigError(f"{ScheduleSettings.variable(name)}: {error}") from error


_RANDOM = re.compile(r"(?<![a-z])[rh](?![a-z])", re.IGNORECASE)  # croniter's R and H; not the letters of a day or month
_ANY_DAY = datetime(2000, 1, 1, tzinfo=UTC)
Schedule = Annotated[str, AfterValidator(_schedule)]
