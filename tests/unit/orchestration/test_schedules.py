"""A schedule that the sources file accepts makes intervals in Airflow: otherwise one source stops the DAGs of all."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from itertools import islice

from airflow.timetables.interval import CronDataIntervalTimetable
from pydantic import TypeAdapter, ValidationError

from mediaindex.config.schedules import PRESETS, Schedule
from mediaindex.orchestration.timetable import intervals

SCHEDULES: TypeAdapter[str] = TypeAdapter(Schedule)
NUMBERS = ["*", "0", "5", "59", "60", "61", "7", "8", "12", "13", "23", "24", "31", "32", "-1", "0x1", "1.5", "00"]
RANGES = ["*/5", "*/0", "*/60", "5-1", "1-5", "1,2,60", "1-5/2", "1-", "sun-sat", "fri-mon", "mon#2", "5#6"]
PARTS = [*NUMBERS, *RANGES, "L", "mon", "jan", "mar", "?", "R", "H", "r(1-5)", "5W"]


def drawn(count: int) -> list[str]:
    """Schedules with one or two unusual fields, the same in each run."""
    dice = random.Random(5)
    made = []
    for _ in range(count):
        fields = ["*"] * 5
        for place in dice.sample(range(5), dice.choice([1, 2])):
            fields[place] = dice.choice(PARTS)
        made.append(" ".join(fields))
    return made


def test_what_the_file_accepts_is_a_schedule_of_airflow() -> None:
    accepted = list(PRESETS)
    for schedule in drawn(400):
        try:
            accepted.append(SCHEDULES.validate_python(schedule))
        except ValidationError:
            continue
    assert len(accepted) > 60
    days = datetime(2025, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)
    for schedule in accepted:
        CronDataIntervalTimetable(schedule, "UTC").validate()
        assert list(islice(intervals(schedule, *days, datetime(2040, 1, 1, tzinfo=UTC)), 2)), schedule
