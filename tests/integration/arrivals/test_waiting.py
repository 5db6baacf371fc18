"""The wait of a discovery run and its trigger, with real servers."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from airflow.sdk.exceptions import AirflowSkipException, TaskDeferred

from mediaindex.config import sources
from mediaindex.config.sources import Source
from mediaindex.contract.states import Lane
from mediaindex.errors import TerminalError
from mediaindex.orchestration import discovery
from mediaindex.orchestration.waiting import NewRecordingsTrigger, WaitForRecordings
from tests.builders.waiting import SOON_S

pytestmark = [pytest.mark.servers, pytest.mark.usefixtures("connections")]


@pytest.fixture
def configured(source: Callable[..., Source], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Source:
    one = source()
    path = tmp_path / "sources.yaml"
    path.write_text(yaml.safe_dump({"sources": [one.model_dump(mode="json", exclude_defaults=True)]}))
    monkeypatch.setenv("MEDIAINDEX_CONFIG", str(path))
    assert sources.load(path).source(one.name) == one
    return one


def write(source: Source, **changes: Any) -> None:
    """Change the sources file."""
    content = source.model_dump(mode="json", exclude_defaults=True) | changes
    Path(os.environ["MEDIAINDEX_CONFIG"]).write_text(yaml.safe_dump({"sources": [content]}))


def waits(source: Source, prefix: str = "") -> WaitForRecordings:
    return WaitForRecordings(
        task_id="wait", source_name=source.name, prefix=prefix, poke_seconds=0.2, timeout_seconds=60
    )


def context(run_type: str = "scheduled", end: datetime | None = None, **params: Any) -> dict[str, Any]:
    start = end - timedelta(days=1) if end else None
    run = SimpleNamespace(
        run_type=run_type,
        data_interval_start=start,
        data_interval_end=end,
        run_after=datetime(2025, 3, 1, 12, tzinfo=UTC),
    )
    return {"dag_run": run, "params": params, "ds": end and end.strftime("%Y-%m-%d"), "logical_date": end}


def fire(source: Source, prefix: str = "", timeout: float = SOON_S, during: Callable[[], None] = lambda: None) -> Any:
    async def run() -> Any:
        first = asyncio.ensure_future(anext(NewRecordingsTrigger(source.name, prefix, 0.2, timeout).run()))
        await asyncio.sleep(0)
        during()
        return (await first).payload

    return asyncio.run(run())


def test_a_new_object_needs_no_wait(configured: Source, put: Callable[..., None]) -> None:
    put("2025-03-01/a.wav")
    assert waits(configured, "{{ ds }}/").execute(context(end=datetime(2025, 3, 1, tzinfo=UTC))) == "2025-03-01/"


def test_a_run_without_a_logical_date_uses_its_run_after(configured: Source, put: Callable[..., None]) -> None:
    put("2025-03-01/12/a.wav")
    prefix = "{{ ds }}/{{ data_interval_start.strftime('%H') }}/"
    assert waits(configured, prefix).execute(context("manual")) == "2025-03-01/12/"


def test_a_param_may_set_the_prefix(configured: Source, put: Callable[..., None]) -> None:
    put("other/a.wav")
    assert waits(configured, "{{ ds }}/").execute(context("manual", prefix="other/")) == "other/"


@pytest.mark.parametrize("run_type", ["manual", "backfill", "scheduled"])
def test_only_a_scheduled_run_of_the_present_waits(configured: Source, run_type: str) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=1)
    with pytest.raises(AirflowSkipException):
        waits(configured).execute(context(run_type, long_ago))


def test_a_deferred_wait_contains_no_secret(configured: Source) -> None:
    with pytest.raises(TaskDeferred) as caught:
        waits(configured, "in/").execute(context(end=datetime.now(UTC)))
    place, arguments = caught.value.trigger.serialize()
    assert place == "mediaindex.orchestration.waiting.NewRecordingsTrigger"
    assert arguments == {"source_name": configured.name, "prefix": "in/", "poke_seconds": 0.2, "timeout_seconds": 60}


def test_the_trigger_fires_for_a_new_object(configured: Source, put: Callable[..., None]) -> None:
    put("old.wav")
    discovery.claim_new(configured, "", Lane.FRESH)
    event = fire(configured, during=lambda: put("new.wav"))
    assert event == {"prefix": "", "found": True}
    assert waits(configured).resume({}, event) == ""


def test_the_trigger_does_not_fire_for_a_known_object(configured: Source, put: Callable[..., None]) -> None:
    put("old.wav")
    discovery.claim_new(configured, "", Lane.FRESH)
    event = fire(configured, timeout=0.5)
    assert event == {"prefix": "", "found": False}
    with pytest.raises(AirflowSkipException):
        waits(configured).resume({}, event)


def test_the_trigger_keeps_waiting_if_the_catalog_is_unreachable(
    configured: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_MEDIAINDEX_POSTGRES", "postgresql://x:x@127.0.0.1:1/none")
    assert fire(configured, timeout=0.5) == {"prefix": "", "found": False}


def test_an_error_that_needs_a_fix_ends_the_wait(configured: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_MEDIAINDEX_POSTGRES", "postgresql://x:x@127.0.0.1:1/none?port=no")
    event = fire(configured)
    with pytest.raises(TerminalError):
        waits(configured).resume({}, event)


@pytest.mark.parametrize("changes", [{"name": "added"}, {"include": ["*.mp3"]}, {"prefix": "x/"}], ids=str)
def test_the_trigger_follows_the_sources_file(
    configured: Source, put: Callable[..., None], changes: dict[str, Any]
) -> None:
    write(configured, include=["*.flac"])
    put("a.mp3")
    assert not fire(configured, timeout=0.5)["found"]
    write(configured, **changes)
    event = fire(Source.model_validate(configured.model_dump() | changes))
    assert event == {"prefix": "", "found": True}


def test_the_trigger_passes_over_a_file_that_is_just_being_written(
    configured: Source, put: Callable[..., None]
) -> None:
    put("a.wav")
    path = Path(os.environ["MEDIAINDEX_CONFIG"])
    complete = path.read_text()
    path.write_text(complete[:9])

    async def run() -> Any:
        trigger = NewRecordingsTrigger(configured.name, "", 0.5, SOON_S)
        failed = asyncio.Event()
        trigger.log.warning = lambda *_: failed.set()  # type: ignore[method-assign]
        first = asyncio.ensure_future(anext(trigger.run()))
        await failed.wait()
        path.write_text(complete)
        return (await first).payload

    assert asyncio.run(run()) == {"prefix": "", "found": True}


def test_a_backfill_without_a_date_in_the_prefix_waits_for_objects_of_its_interval(
    configured: Source, put: Callable[..., None]
) -> None:
    put("a.wav")
    now = datetime.now(UTC)
    with pytest.raises(AirflowSkipException):
        waits(configured).execute(context("backfill", now - timedelta(days=3)))
    assert waits(configured).execute(context("backfill", now + timedelta(hours=1))) == ""
