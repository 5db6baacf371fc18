from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mediaindex.catalog.forecasts.forecasts import Expected, Kept, Outcome
from mediaindex.forecast.reviewing import Review, compare

START = datetime(2026, 1, 1, tzinfo=UTC)
EXPECTED = Expected(
    source="calls", bucket="media", prefixes=("calls/",), first_at=START, last_at=START, by_date=True, made_at=START,
    files=100, audio_s=1000.0, wall_s=100.0, cpu_s=200.0, gpu_s=0.0, finish_s=50.0,
    prices={"currency": "EUR", "cpu_core_hour": 36.0}, made_from={"seconds_a_byte": {".mp3": [0.01, "ten"]}},
)  # fmt: skip
DONE = Outcome(".mp3", 100, 100, 100_000.0, 800.0, 125.0, 200.0, 0.0, START, START + timedelta(seconds=40))


def review(*outcomes: Outcome, expected: Expected = EXPECTED) -> Review:
    return compare(Kept(1, "ann", expected), outcomes)


def figures(made: Review) -> dict[str, tuple[float, float, float | None]]:
    return {line.what: (line.expected, line.actual, line.error) for line in made.lines}


def test_a_finished_forecast_is_compared_whole() -> None:
    made = review(DONE)
    assert made.finished
    assert figures(made) == {
        "files": (100, 100, 0.0), "audio": (1000, 800, 0.25), "slots": (100, 125, -0.2), "cores": (200, 200, 0.0),
        "cost": (2.0, 2.0, 0.0), "time": (50, 40, 0.25),
    }  # fmt: skip


def test_an_unfinished_forecast_is_compared_in_part() -> None:
    made = review(replace(DONE, found=90, done=61, bytes=61_000.0, audio_s=610.0))
    assert (made.finished, made.found, made.done) == (False, 90, 61)
    assert figures(made)["audio"] == pytest.approx((610, 610, 0.0))
    assert not {"files", "time"} & set(figures(made))


def test_before_the_first_recording_there_are_no_lines() -> None:
    assert review().lines == ()


def test_more_files_than_expected_are_an_error() -> None:
    assert figures(review(replace(DONE, found=125, done=125)))["files"] == (100, 125, -0.2)


def test_an_actual_value_of_zero_has_no_relative_error() -> None:
    assert figures(review(replace(DONE, audio_s=0.0)))["audio"] == (1000, 0, None)


def test_without_prices_the_cost_is_not_compared() -> None:
    assert "cost" not in figures(review(DONE, expected=replace(EXPECTED, prices=None)))
