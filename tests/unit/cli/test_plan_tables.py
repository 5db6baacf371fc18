from __future__ import annotations

import io
import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

pytest.importorskip("psycopg2")
from mediaindex.catalog.forecasts.experience import StageCost
from mediaindex.catalog.forecasts.forecasts import Expected, Kept
from mediaindex.cli import figures, plan_tables
from mediaindex.cli.main import cli
from mediaindex.config.sources import Prices, Source
from mediaindex.forecast.forecasting import Forecast, Queue
from mediaindex.forecast.lengths import Estimator
from mediaindex.forecast.places import Places, span
from mediaindex.forecast.ranges import NOTHING, Range
from mediaindex.forecast.reviewing import Line, Review
from mediaindex.forecast.tallying import Tally
from mediaindex.forecast.workload import Machine, Rates

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
DAYS = span(date(2025, 1, 1), date(2025, 3, 31))
HOUR = 3600.0
MADE = Forecast(
    source=Source.model_validate({"name": "calls", "bucket": "media", "prefix": "calls/{{ ds }}/"}),
    span=DAYS,
    places=Places(("calls/2025-01-01/", "calls/2025-03-31/"), 90, by_date=True),
    made_at=NOW,
    tally=Tally(files=Counter(new=1204, indexed=40), bytes=Counter({("new", ".mp3"): 7}), largest={".mp3": 7}),
    audio={"new": Range(280 * HOUR, 312 * HOUR, 350 * HOUR), "indexed": Range.exactly(12 * HOUR)},
    estimator=Estimator("calls", {}, {}),
    rates=Rates((), Range.exactly(1.0), "40 recordings in 4 batches of calls", copies=0.04),
    stages=(StageCost("transcribe", 3 * HOUR, 6 * HOUR, 0.0),),
    work=Range(2 * HOUR, 3 * HOUR, 4 * HOUR),
    core=Range(4 * HOUR, 6 * HOUR, 8 * HOUR),
    gpu=NOTHING,
    queue=Queue(12, HOUR, 1200.0),
    machine=Machine(2),
    finish=Range(HOUR, 2 * HOUR, 3 * HOUR),
    prices=Prices(currency="EUR", cpu_core_hour=0.5),
    cost=Range(2.0, 3.0, 4.0),
)
EXPECTED = Expected(
    "calls", "media", ("calls/",), DAYS.first, DAYS.last, True, NOW, 100, 1.0, 1.0, 1.0, 0.0, 1.0, None, {}
)


def printed(show: Any, *arguments: Any, width: int = 80) -> str:
    text = io.StringIO()
    show(Console(file=text, width=width, highlight=False), *arguments)
    return text.getvalue()


def test_a_forecast_shows_files_hours_work_cost_and_finish_time() -> None:
    text = printed(plan_tables.forecast, MADE, 7)
    rows = [line.split() for line in text.splitlines()]
    assert ["new", "1,204", "312.0", "(280.0", "to", "350.0)"] in rows
    assert ["indexed", "40", "12.0"] in rows
    assert ["all", "1,244", "324.0"] in rows
    assert ["transcribe", "3.00", "6.00"] in rows
    assert "EUR 3.00 (2.00 to 4.00), at 0.5 per core hour" in text
    assert "2 h 00 min (1 h 00 min to 3 h 00 min) on 2 speech slots" in text
    assert "2026-01-02 14:00 UTC if started now" in " ".join(text.split())
    assert ".mp3: an estimate by file type" in text
    assert "40 recordings in 4 batches of calls" in text
    assert "4% were copies of known audio" in text
    assert "this is forecast 7" in text


def test_tables_fit_into_80_columns() -> None:
    lines = printed(plan_tables.forecast, MADE, None).splitlines()
    assert not [line for line in lines if len(line) > 80 and not line.startswith("  airflow")]
    assert not [line for line in lines if line != line.rstrip()]


def test_without_prices_the_forecast_says_how_to_set_them() -> None:
    text = printed(plan_tables.forecast, replace(MADE, prices=None, cost=None), None, width=200)
    assert "prices: {currency: EUR, cpu_core_hour: 0.04}" in text


def test_without_new_recordings_no_work_is_forecast() -> None:
    none = replace(MADE, tally=Tally(files=Counter(indexed=40)), audio={"indexed": Range.exactly(HOUR)})
    text = printed(plan_tables.forecast, none, None)
    assert "No recording is new" in text
    assert "transcribe" not in text


def test_a_prefix_without_a_date_is_reported() -> None:
    undated = replace(MADE, places=Places(("calls/",), 90, by_date=False), tally=replace(MADE.tally, outside=5))
    text = " ".join(printed(plan_tables.forecast, undated, None).split())
    assert "has no date: each run of the backfill lists all of it" in text
    assert "5 files of other days are left" in text


def test_a_backfill_of_a_paused_dag_begins_with_its_end() -> None:
    text = printed(plan_tables.forecast, MADE, None, ["discover_calls"], width=200)
    first, second = [line.strip() for line in text.splitlines() if line.startswith("  airflow")]
    assert first == "airflow dags unpause discover_calls"
    assert second.startswith("airflow backfill create --dag-id discover_calls")
    assert plan_tables.as_json(MADE, None, ["discover_calls"])["commands"] == [first, second]
    assert "unpause" not in printed(plan_tables.forecast, MADE, None)


def test_the_finish_time_assumes_idle_cores() -> None:
    assert "on 64 cores without other work" in plan_tables.finish(replace(MADE, machine=Machine(2, 64)))


def test_keys_cannot_send_escape_sequences_to_the_terminal() -> None:
    evil = replace(MADE, places=Places(("calls/\x1b[31m/",), 1, by_date=True))
    assert "\x1b[31m" not in printed(plan_tables.forecast, evil, None)


def test_a_forecast_as_json() -> None:
    made = json.loads(json.dumps(plan_tables.as_json(MADE, 7)))
    assert (made["forecast"], made["files"]["new"], made["cost"]["currency"]) == (7, 1204, "EUR")


def test_a_review_shows_progress() -> None:
    half = Review(Kept(7, "ann", EXPECTED), 90, 61, (Line("audio", "s", 7200.0, 3600.0),), None)
    text = printed(plan_tables.reviews, [half])
    assert "not finished: 61 of 100 done; 10 not yet in the ledger" in text
    assert ["audio", "2.00", "h", "1.00", "h", "+100.0%"] in [line.split() for line in text.splitlines()]


def test_a_finished_review_shows_its_time() -> None:
    whole = Review(Kept(7, "ann", EXPECTED), 100, 100, (), NOW)
    assert "finished: 100 of 100 done, 2026-01-02 12:00 UTC" in printed(plan_tables.reviews, [whole])


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0, "0 s"), (599, "599 s"), (600, "0 h 10 min"), (90_000, "1 d 1 h 00 min")]
)
def test_durations(seconds: float, expected: str) -> None:
    assert figures.duration(seconds) == expected


@pytest.mark.parametrize("given", [[], ["calls"], ["calls", "--from", "2025-01-01"], ["calls", "--from", "yesterday"]])
def test_incomplete_arguments_are_refused(given: list[str]) -> None:
    assert CliRunner().invoke(cli, ["plan", *given]).exit_code == 2
