"""Which runs wait, for what, and how the wait passes over trouble."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from enum import Enum
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowSkipException

from mediaindex.config.sources import Source
from mediaindex.errors import ConfigError, ErrorCode, TerminalError, TransientError
from mediaindex.orchestration import waiting
from mediaindex.orchestration.waiting import NewRecordingsTrigger, Servers, WaitForRecordings
from mediaindex.storage.client import s3_client

START, END = datetime(2025, 3, 1, tzinfo=UTC), datetime(2025, 3, 2, tzinfo=UTC)


class Kind(Enum):
    BACKFILL = "backfill"


def context(run_type: Any, *, start: datetime | None = START, end: datetime | None = END, **params: Any) -> Any:
    run = SimpleNamespace(run_type=run_type, data_interval_start=start, data_interval_end=end, run_after=END)
    return {"dag_run": run, "params": params}


def source(**more: Any) -> Source:
    return Source.model_validate({"name": "calls", "bucket": "media", **more})


def test_a_run_follows_earlier_folders_unless_it_was_asked_for_certain_ones() -> None:
    assert [waiting.follows(context(kind)) for kind in ("scheduled", "manual")] == [True, True]
    assert not waiting.follows(context(Kind.BACKFILL))
    assert not waiting.follows(context("manual", prefix="x/"))
    assert not waiting.follows(context("manual", prefix=""))


def test_a_backfill_without_a_date_in_its_prefix_takes_the_days_of_its_interval() -> None:
    assert waiting.days_of_backfill(context(Kind.BACKFILL), source(prefix="in/")) == (START, END)
    for other in (
        (context("scheduled"), source()),
        (context("backfill"), source(prefix="in/{{ ds }}/")),
        (context("backfill", prefix="x/"), source()),
        (context("backfill", start=None), source()),
        (context("backfill", end=None), source()),
    ):
        assert waiting.days_of_backfill(*other) is None


def test_a_scheduled_run_waits_while_its_interval_has_just_ended() -> None:
    ended = datetime.now(UTC) - timedelta(minutes=10)
    assert waiting._is_present(context("scheduled", end=ended), timedelta(hours=1))
    assert not waiting._is_present(context("scheduled", end=ended), timedelta(minutes=1))
    assert not waiting._is_present(context("manual", end=ended), timedelta(hours=1))
    assert not waiting._is_present(context("scheduled", end=None), timedelta(hours=1))


def wait(prefix: str = "in/") -> WaitForRecordings:
    return WaitForRecordings(task_id="wait", source_name="calls", prefix=prefix, poke_seconds=1, timeout_seconds=60)


def test_dates_that_a_manual_run_lacks_are_those_of_its_start() -> None:
    prefix = "{{ ds }}/{{ ds_nodash }}/{{ logical_date.hour }}/{{ ts }}"
    assert wait(prefix)._rendered(context("manual")) == f"2025-03-02/20250302/0/{END.isoformat()}"
    assert wait(prefix)._rendered({**context("manual"), "ds": "2024-01-01"}).startswith("2024-01-01/20250302")
    assert wait(prefix)._rendered(context("manual", prefix="")) == ""


def test_the_end_of_a_wait_is_an_error_a_skip_or_a_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    due: list[bool] = [False]
    monkeypatch.setattr(Servers, "connected", classmethod(lambda _cls: None))
    monkeypatch.setattr(waiting, "is_folder_due", lambda *_: due[0])
    assert wait().resume({}, {"prefix": "in/", "found": True}) == "in/"
    with pytest.raises(AirflowSkipException, match="nothing new under 'in/' within 60 s"):
        wait().resume({}, {"prefix": "in/", "found": False})
    due[0] = True
    assert wait().resume({}, {"prefix": "in/", "found": False}) == "in/"
    with pytest.raises(TerminalError, match="no such source") as caught:
        wait().resume({}, {"prefix": "in/", "failed": "no such source", "code": ErrorCode.NO_SOURCE.value})
    assert caught.value.code == ErrorCode.NO_SOURCE


def test_forgotten_clients_are_made_anew() -> None:
    before = s3_client("http://127.0.0.1:1", {"AWS_DEFAULT_REGION": "eu-west-1"})
    assert s3_client("http://127.0.0.1:1", {"AWS_DEFAULT_REGION": "eu-west-1"}) is before
    waiting.forget_clients()
    assert s3_client("http://127.0.0.1:1", {"AWS_DEFAULT_REGION": "eu-west-1"}) is not before


class Trouble:
    """What each look comes to, and how often the connections were read and the clients forgotten."""

    def __init__(self) -> None:
        self.looks: Iterator[Any] = iter(())
        self.connected = self.forgotten = 0

    def look(self, *_: Any) -> bool:
        outcome = next(self.looks)
        if isinstance(outcome, Exception):
            raise outcome
        return bool(outcome)

    def fire(self, *outcomes: Any, timeout: float = 60.0) -> Any:
        """The event of a trigger whose looks come to this."""
        self.looks = iter(outcomes)
        self.connected = self.forgotten = 0

        async def run() -> Any:
            return [event.payload async for event in NewRecordingsTrigger("calls", "in/", 0.0, timeout).run()]

        (event,) = asyncio.run(run())
        assert event.pop("prefix") == "in/"
        assert next(self.looks, None) is None
        return event


@pytest.fixture
def trouble(monkeypatch: pytest.MonkeyPatch) -> Trouble:
    made = Trouble()

    def connected(_cls: type) -> Servers:
        made.connected += 1
        return Servers("postgresql://", {})

    def forget() -> None:
        made.forgotten += 1

    monkeypatch.setattr(Servers, "connected", classmethod(connected))
    monkeypatch.setattr(waiting, "look", made.look)
    monkeypatch.setattr(waiting, "forget_clients", forget)
    return made


def test_connections_are_read_once_for_a_wait_without_trouble(trouble: Trouble) -> None:
    assert trouble.fire(False, False, True) == {"found": True}
    assert (trouble.connected, trouble.forgotten) == (1, 0)


def test_after_an_outage_connections_and_clients_are_new(trouble: Trouble) -> None:
    assert trouble.fire(TransientError("S3"), TransientError("S3"), False, True) == {"found": True}
    assert (trouble.connected, trouble.forgotten) == (3, 2)


def test_a_sources_file_is_read_twice_before_it_is_wrong(trouble: Trouble) -> None:
    wrong = ConfigError("no source calls")
    assert trouble.fire(wrong, False, wrong, True) == {"found": True}  # being written, each time
    assert trouble.fire(wrong, wrong) == {"failed": str(wrong), "code": "config"}
    assert trouble.forgotten == 2


def test_another_error_ends_the_wait_immediately(trouble: Trouble) -> None:
    gone = TerminalError("no such bucket", code=ErrorCode.NO_BUCKET)
    assert trouble.fire(gone) == {"failed": "no such bucket", "code": "no_bucket"}


def test_a_wait_ends_with_its_time(trouble: Trouble) -> None:
    assert trouble.fire(timeout=0.0) == {"found": False}
