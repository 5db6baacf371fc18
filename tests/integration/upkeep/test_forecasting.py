"""Forecasts with a real catalog and bucket: counts, learned rates and reviews."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("airflow", reason="makes the intervals of a backfill")
from mediaindex.catalog.base.connection import connect, transaction
from mediaindex.catalog.batches import batches, stage_runs
from mediaindex.catalog.forecasts import forecasts
from mediaindex.catalog.ledger import ledger
from mediaindex.config.sources import Prices, Source
from mediaindex.contract.job import ItemError, ItemResult, JobResult, Usage
from mediaindex.contract.states import ItemStatus, Lane, ObjectState, SeenBy, StateReason
from mediaindex.errors import ErrorCode, FailureClass, MediaindexError
from mediaindex.forecast import forecasting, reviewing
from mediaindex.forecast.forecasting import Forecast
from mediaindex.forecast.places import span
from mediaindex.forecast.workload import Machine
from mediaindex.orchestration import discovery
from mediaindex.orchestration.arrivals import Arrivals
from mediaindex.orchestration.timetable import runs
from mediaindex.storage.client import s3_client
from mediaindex.storage.media import list_objects

pytestmark = pytest.mark.servers
MARCH = span(date(2025, 3, 1), date(2025, 3, 31))
PRICES = Prices(currency="EUR", cpu_core_hour=36.0)  # one cent per second
SIZE = 12_000  # one second of .mp3 by the default rate
CLI = "from mediaindex.cli.main import app; app()"
Put = Callable[..., None]


@pytest.fixture
def conn(catalog_url: str) -> Iterator[Any]:
    with connect(catalog_url) as opened:
        yield opened


@pytest.fixture
def source(buckets: tuple[str, str]) -> Source:
    return Source.model_validate(
        {
            "name": f"s{uuid.uuid4().hex[:12]}",
            "bucket": buckets[0],
            "prefix": "calls/{{ ds }}/",
            "schedule": "@daily",
            "exclude": ["*.txt"],
        }
    )


@pytest.fixture
def put(source: Source) -> Put:
    def build(*keys: str, size: int = SIZE) -> None:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda key: s3_client().put_object(Bucket=source.bucket, Key=key, Body=b"x" * size), keys))

    return build


@pytest.fixture
def plan(conn: Any, source: Source) -> Callable[..., Forecast]:
    return lambda one=source, days=MARCH, **more: forecasting.forecast(
        conn, s3_client(), one, days, Machine(2), runs, PRICES, **more
    )


@pytest.fixture
def claim(conn: Any, source: Source) -> Callable[[str], tuple[int, list[int]]]:
    """Claim the objects under the prefix and plan them into one batch: its id and theirs, in the order of keys."""

    def build(prefix: str) -> tuple[int, list[int]]:
        ids = [
            one.id for one in ledger.claim(conn, source.name, list(list_objects(s3_client(), source.bucket, prefix)))
        ]
        (batch_id,) = batches.plan(conn, source.name, lane=Lane.BACKFILL, target_seconds=1e6, max_items=500)
        return batch_id, ids

    return build


def passed(conn: Any, batch_id: int, stage: str, ids: Sequence[int], usage: Usage, audio: str = "") -> None:
    results = tuple(
        ItemResult(
            id=str(id_), status=ItemStatus.DONE, audio_sha256=audio or uuid.uuid4().hex * 2,
            fingerprint=f"{stage}{id_}", summary={"duration": usage.audio_s}, usage=usage,
        )
        for id_ in ids
    )  # fmt: skip
    stage_runs.record(conn, batch_id, JobResult(stage=stage, items=results))


def finish(conn: Any, batch_id: int, ids: Sequence[int]) -> None:
    for id_ in ids:
        ledger.set_state(conn, id_, ObjectState.INDEXED, stage="finish")
    with transaction(conn) as cursor:
        cursor.execute(
            "update batch set dag_run_id = %s, started_at = now(), finished_at = now() where id = %s",
            (f"run of {batch_id}", batch_id),
        )


def errors(conn: Any, number: int) -> dict[str, float | None]:
    (made,) = reviewing.reviews(conn, number=number)
    return {one.what: one.error for one in made.lines}


def test_only_wanted_objects_of_the_requested_days_are_counted(put: Put, plan: Callable[..., Forecast]) -> None:
    put("calls/2025-03-01/a.mp3", "calls/2025-03-31/b.mp3", "calls/2025-03-31/b.txt", "calls/2025-04-01/c.mp3")
    made = plan()
    assert (made.new, made.tally.files.total(), made.places.intervals) == (2, 2, 31)
    assert made.audio["new"].value == pytest.approx(2.0)


def test_known_objects_are_counted_by_state_and_a_second_forecast_is_equal(
    conn: Any, put: Put, plan: Callable[..., Forecast], claim: Any
) -> None:
    put(*(f"calls/2025-03-0{n}/a.mp3" for n in range(1, 6)))
    batch_id, (one,) = claim("calls/2025-03-01/")
    passed(conn, batch_id, "normalize", [one], Usage(audio_s=7.0))
    claim("calls/2025-03-02/")
    finish(conn, batch_id, [one])
    first, second = plan(), plan()
    assert first.tally == second.tally
    assert first.tally.files == {"indexed": 1, "claimed": 1, "new": 3}
    assert first.audio["indexed"].value == 7.0


def test_a_source_without_dates_is_counted_as_a_backfill_takes_its_objects(
    conn: Any, put: Put, plan: Callable[..., Forecast], source: Source
) -> None:
    put("calls/a.mp3", "calls/b.mp3")
    whole = source.model_copy(update={"prefix": "calls/"})
    past = plan(whole)
    assert (past.new, past.tally.outside, past.places.by_date) == (0, 2, False)
    now = datetime.now(UTC)
    for days, new in ((-3, 0), (0, 2)):
        interval = (now + timedelta(days=days - 1), now + timedelta(days=days, minutes=1))
        made = forecasting.forecast(
            conn, s3_client(), whole, MARCH, Machine(2), lambda *_, run=(*interval, "calls/"): [run], PRICES
        )
        arrivals = Arrivals(conn, s3_client(), whole, SeenBy.LISTING, between=interval)
        discovery.take_listing(arrivals, "calls/")
        assert (made.new, arrivals.claimed + arrivals.paused) == (new, new)


def test_two_thousand_keys_are_listed_a_thousand_at_a_time(put: Put, plan: Callable[..., Forecast]) -> None:
    put(*(f"calls/2025-03-01/{n:05}.mp3" for n in range(2_000)), size=1)
    heard: list[int] = []
    made = plan(watch=heard.append)
    assert (made.new, made.tally.listed) == (2_000, 2_000)
    assert {after - before for before, after in pairwise([0, *heard])} <= {0, 1_000}


def test_the_review_compares_the_forecast_with_the_actual_values(
    conn: Any, put: Put, plan: Callable[..., Forecast], claim: Any
) -> None:
    put(*(f"calls/2025-03-0{n}/a.mp3" for n in range(1, 5)))
    made = plan()
    number = forecasting.keep(conn, made)
    put("calls/2025-04-01/later.mp3")  # another day: no part of it
    batch_id, ids = claim("calls/2025-03")
    usage = Usage(wall_s=made.work.value / 4, cpu_s=made.core.value / 2, audio_s=2.0)
    passed(conn, batch_id, "normalize", ids[:2], usage)
    finish(conn, batch_id, ids[:2])
    (half,) = reviewing.reviews(conn, number=number)
    assert (half.finished, half.done, half.found) == (False, 2, 4)
    assert errors(conn, number) == pytest.approx({"audio": -0.5, "slots": 0.0, "cores": -0.5, "cost": -0.5})
    failed = ItemError(
        failure_class=FailureClass.TERMINAL,
        code=ErrorCode.NO_AUDIO_STREAM,
        message="a.mp3: has no sound; give one that has",
    )
    result = ItemResult(id=str(ids[2]), status=ItemStatus.FAILED, error=failed, usage=usage)
    stage_runs.record(conn, batch_id, JobResult(stage="normalize", items=(result,)))
    passed(conn, batch_id, "normalize", ids[3:], usage)
    finish(conn, batch_id, ids[3:])
    (whole,) = reviewing.reviews(conn, number=number)
    assert (whole.finished, whole.done) == (True, 4)
    found = errors(conn, number)
    assert (found["files"], found["audio"]) == pytest.approx((0.0, -1 / 3))
    assert (found["slots"], found["cores"]) == pytest.approx((0.0, -0.5))
    assert found["time"] is not None


def test_later_recomputation_is_not_counted_in_the_review(
    conn: Any, put: Put, plan: Callable[..., Forecast], claim: Any
) -> None:
    put("calls/2025-03-01/a.mp3")
    number = forecasting.keep(conn, plan())
    batch_id, ids = claim("calls/2025-03-01/")
    passed(conn, batch_id, "normalize", ids, Usage(wall_s=1, cpu_s=1, audio_s=1.0))
    finish(conn, batch_id, ids)
    before = errors(conn, number)
    ledger.requeue(conn, ids[0], code=StateReason.REQUEUED, reason="a new model")
    (again,) = batches.plan(conn, reviewing.reviews(conn, number=number)[0].kept.expected.source)
    passed(conn, again, "transcribe", ids, Usage(wall_s=100, cpu_s=100, audio_s=1.0))
    finish(conn, again, ids)
    assert errors(conn, number) == before


def test_recordings_known_before_the_forecast_are_not_reviewed(
    conn: Any, put: Put, plan: Callable[..., Forecast], claim: Any
) -> None:
    put("calls/2025-03-01/a.mp3", "calls/2025-03-02/b.mp3")
    batch_id, ids = claim("calls/2025-03-01/")
    number = forecasting.keep(conn, plan())
    finish(conn, batch_id, ids)
    (made,) = reviewing.reviews(conn, number=number)
    assert (made.kept.expected.files, made.found, made.done) == (1, 0, 0)


def test_lengths_and_costs_are_learned_from_finished_work(
    conn: Any, put: Put, plan: Callable[..., Forecast], claim: Any, source: Source
) -> None:
    put(*(f"calls/2025-02-01/{n}.mp3" for n in range(6)))
    batch_id, ids = claim("calls/2025-02-01/")
    passed(conn, batch_id, "normalize", ids[:5], Usage(wall_s=10, cpu_s=20, audio_s=200.0))
    audio = ledger.find(conn, ids=[ids[0]])[0].audio_sha256
    passed(conn, batch_id, "normalize", ids[5:], Usage(wall_s=10, cpu_s=20, audio_s=200.0), audio=str(audio))
    finish(conn, batch_id, ids[:5])
    put(*(f"calls/2025-03-01/{n}.mp3" for n in range(3)))
    made = plan()
    assert made.audio["new"].value == pytest.approx(600.0)
    assert (made.work.value, made.core.value) == pytest.approx((30.0, 60.0))
    assert made.rates.basis == f"6 recordings in 1 batch of {source.name}"
    assert made.rates.copies == pytest.approx(1 / 6)
    assert made.cost is not None
    assert made.cost.value == pytest.approx(0.6)


def test_a_kept_forecast_is_never_changed(conn: Any, put: Put, plan: Callable[..., Forecast]) -> None:
    put("calls/2025-03-01/a.mp3")
    number = forecasting.keep(conn, plan())
    with pytest.raises(MediaindexError, match="never changed"), transaction(conn) as cursor:
        cursor.execute("update forecast set files = 0 where id = %s", (number,))
    assert forecasts.kept(conn, number=number)[0].expected.files == 1


def test_the_plan_command_forecasts_and_reviews(
    conn: Any, put: Put, source: Source, catalog_url: str, tmp_path: Path
) -> None:
    put("calls/2025-03-01/a.mp3", "calls/2025-03-02/b.mp3")
    file = tmp_path / "sources.yaml"
    file.write_text(
        f"sources:\n  - {{name: calls, bucket: {source.bucket}, prefix: 'calls/{{{{ ds }}}}/', schedule: '@daily'}}\n"
        "prices: {currency: EUR, cpu_core_hour: 0.04}\n"
    )
    environment = os.environ | {"MEDIAINDEX_DATABASE_URL": catalog_url, "MEDIAINDEX_CONFIG": str(file)}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", CLI, "plan", *arguments]
        return subprocess.run(command, env=environment, check=False, timeout=300, capture_output=True, text=True)

    made = run("calls", "--from", "2025-03-01", "--to", "2025-03-02")
    assert made.returncode == 0, made.stderr
    assert ["new", "2"] in [line.split()[:2] for line in made.stdout.splitlines()]
    assert "--from-date 2025-03-01 --to-date 2025-03-02T23:59:59" in made.stdout
    reviewed = run("calls", "--review")
    assert (reviewed.returncode, "not finished: 0 of 2 done" in reviewed.stdout) == (0, True), reviewed.stderr
    assert '"cpu_s"' in run("calls", "--from", "2025-03-01", "--to", "2025-03-02", "--json", "--no-save").stdout
    unknown = run("shows", "--from", "2025-03-01", "--to", "2025-03-02")
    assert (unknown.returncode, "unknown source 'shows'" in unknown.stderr) == (1, True)
    assert run("calls").returncode == 2
