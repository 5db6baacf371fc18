"""How often a folder with a date is listed: soon again, then rarely, and a last time when it is complete."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mediaindex.orchestration.folders import Folder, _is_due

ENDED = datetime(2025, 3, 2, tzinfo=UTC)
LATE = timedelta(days=3)


def looks(every: timedelta, first: timedelta = timedelta(seconds=20)) -> list[timedelta]:
    """The ages at which runs of a schedule list a folder, in the first week."""
    listed, now, ages = ENDED + first, ENDED + first, []
    while now < ENDED + timedelta(days=7):
        now += every
        if _is_due(Folder("a/", ENDED, listed), ENDED, LATE, now):
            listed = now
            ages.append(now - ENDED)
    return ages


@pytest.mark.parametrize(
    ("every", "most"),
    [(timedelta(minutes=5), 12), (timedelta(hours=1), 9), (timedelta(days=1), 3)],
    ids=str,
)
def test_gaps_double_and_the_last_look_is_after_the_late_days(every: timedelta, most: int) -> None:
    ages = looks(every)
    assert 2 <= len(ages) <= most
    assert ages[0] <= every + timedelta(minutes=1)
    assert LATE <= ages[-1] < LATE + every


def test_a_folder_that_no_run_has_listed_is_due_if_its_interval_ended_since_then() -> None:
    never = Folder("a/", ENDED, None)
    assert _is_due(never, ENDED - timedelta(seconds=1), LATE, ENDED + timedelta(days=90))
    assert not _is_due(never, ENDED, LATE, ENDED + timedelta(days=90))


def test_without_late_days_a_listed_folder_is_not_due() -> None:
    listed = Folder("a/", ENDED, ENDED + timedelta(seconds=20))
    assert not _is_due(listed, ENDED, timedelta(0), ENDED + timedelta(hours=1))
