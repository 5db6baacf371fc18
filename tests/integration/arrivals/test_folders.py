"""A dated folder is listed again for late uploads, and days without a run are caught up."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from airflow.sdk.exceptions import AirflowSkipException

from mediaindex.catalog.ledger import discovery as ledger_discovery
from mediaindex.config.sources import Source
from mediaindex.contract.states import Lane
from mediaindex.orchestration import discovery, folders
from mediaindex.orchestration.waiting import WaitForRecordings

pytestmark = [pytest.mark.servers, pytest.mark.usefixtures("connections")]

Sources = Callable[..., Source]
Put = Callable[..., None]
States = Callable[[], dict[str, Any]]
NOW = datetime.now(UTC)


def folder(days_ago: int) -> str:
    return f"calls/{NOW - timedelta(days=days_ago):%Y-%m-%d}/"


def midnight(days_ago: int) -> datetime:
    return (NOW - timedelta(days=days_ago)).replace(hour=0, minute=0, second=0, microsecond=0)


@pytest.fixture
def calls(source: Sources) -> Source:
    return source(prefix="calls/{{ ds }}/", schedule="@daily")


def run(source: Source, prefix: str) -> int:
    """A scheduled run for this folder."""
    return discovery.claim_new(source, prefix, Lane.FRESH, follow=True)


def set_back(conn: Any, source: Source, prefix: str, listed: datetime, until: datetime) -> None:
    """As if the folder had been listed then, and all up to ``until``."""
    ledger_discovery.advance(conn, source.name, prefix, ledger_discovery.Progress(whole_at=listed))
    with conn, conn.cursor() as cursor:
        cursor.execute("update source set folders_until = %s where name = %s", (until, source.name))


def listed(conn: Any, source: Source) -> set[str]:
    with conn, conn.cursor() as cursor:
        cursor.execute("select prefix from listing where source = %s", (source.name,))
        return {prefix for (prefix,) in cursor.fetchall()}


def test_what_is_uploaded_after_the_run_of_its_day_is_claimed_by_a_later_run(
    conn: Any, calls: Source, put: Put, states: States
) -> None:
    put(f"{folder(2)}early.wav")
    run(calls, folder(2))
    set_back(conn, calls, folder(2), midnight(1) + timedelta(seconds=30), midnight(1) + timedelta(minutes=1))
    put(f"{folder(2)}late.wav")
    assert run(calls, folder(1)) == 1
    assert states()[f"{folder(2)}late.wav"] == "claimed"
    assert folders.due(conn, calls, datetime.now(UTC)) == []


def test_days_without_a_run_are_caught_up_and_earlier_ones_are_left_to_backfills(
    conn: Any, calls: Source, put: Put, states: States
) -> None:
    put(*(f"{folder(days)}a.wav" for days in (1, 2, 3, 6, 9, 30)))
    set_back(conn, calls, folder(7), midnight(6), midnight(6))
    run(calls, folder(1))
    assert set(states()) == {f"{folder(days)}a.wav" for days in (1, 2, 3, 6)}
    assert listed(conn, calls) == {folder(days) for days in range(1, 8)}


def test_a_backfill_neither_lists_other_days_nor_hides_days_without_a_run(
    conn: Any, calls: Source, put: Put, states: States
) -> None:
    put(f"{folder(3)}a.wav", f"{folder(40)}a.wav")
    set_back(conn, calls, folder(5), midnight(4), midnight(4))
    discovery.claim_new(calls, folder(40), Lane.BACKFILL)
    assert set(states()) == {f"{folder(40)}a.wav"}
    run(calls, folder(1))
    assert states()[f"{folder(3)}a.wav"] == "claimed"


def test_the_first_run_of_a_source_lists_its_own_day(conn: Any, calls: Source, put: Put, states: States) -> None:
    put(f"{folder(1)}a.wav", f"{folder(2)}a.wav")
    run(calls, folder(1))
    assert set(states()) == {f"{folder(1)}a.wav"}
    assert folders.due(conn, calls, datetime.now(UTC)) == []


def test_a_complete_folder_is_not_listed_again(conn: Any, calls: Source) -> None:
    run(calls, folder(1))
    set_back(conn, calls, folder(5), midnight(4) + timedelta(days=3), midnight(1))
    assert folder(5) not in {one.prefix for one in folders.due(conn, calls, datetime.now(UTC))}


def test_a_listing_that_fails_is_made_up_for(conn: Any, calls: Source, put: Put, states: States) -> None:
    set_back(conn, calls, folder(4), midnight(3), midnight(3))
    put(f"{folder(2)}a.wav")
    broken = calls.model_copy(update={"bucket": f"{calls.bucket}-lost"})
    with pytest.raises(Exception, match="does not exist"):
        run(broken, folder(1))
    run(calls, folder(1))
    assert states() == {f"{folder(2)}a.wav": "claimed"}


def test_a_run_that_finds_nothing_in_its_own_folder_goes_on_if_an_earlier_one_is_due(
    conn: Any, calls: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "sources.yaml"
    path.write_text(yaml.safe_dump({"sources": [calls.model_dump(mode="json", exclude_defaults=True)]}))
    monkeypatch.setenv("MEDIAINDEX_CONFIG", os.fspath(path))
    sensor = WaitForRecordings(
        task_id="wait", source_name=calls.name, prefix=calls.prefix, poke_seconds=1, timeout_seconds=1
    )
    set_back(conn, calls, folder(3), midnight(2), midnight(2))
    event = {"prefix": folder(1), "found": False}
    assert sensor.resume({}, event) == folder(1)
    past = SimpleNamespace(data_interval_start=midnight(2), data_interval_end=midnight(1), run_after=midnight(1))
    context = {"dag_run": past, "params": {}, "ds": folder(2)[6:-1]}
    for past.run_type in ("scheduled", "manual"):
        assert sensor.execute(context) == folder(2)
    for past.run_type, given in (("backfill", None), ("manual", folder(2))):
        with pytest.raises(AirflowSkipException):
            sensor.execute(context | {"params": {"prefix": given}})
    run(calls, folder(1))
    with pytest.raises(AirflowSkipException):
        sensor.resume({}, event)


def test_a_wait_that_found_nothing_counts_as_a_listing(conn: Any, calls: Source) -> None:
    set_back(conn, calls, folder(2), midnight(1) + timedelta(days=3), midnight(0) - timedelta(hours=1))
    assert not discovery.is_folder_due(conn, calls, folder(1))
    assert folder(1) in listed(conn, calls)
    undated = calls.model_copy(update={"prefix": "calls/", "name": f"{calls.name}x"})
    assert not folders.is_dated(undated)
    assert not discovery.is_folder_due(conn, undated, "calls/")
    assert listed(conn, undated) == set()


def test_a_backfill_without_a_date_in_the_prefix_takes_what_was_modified_in_its_interval(
    conn: Any, source: Sources, put: Put, states: States
) -> None:
    one = source(listing={"order": "keys", "overlap_minutes": 0})
    put("a.wav", "b.wav")
    for between, claimed in (((midnight(3), midnight(2)), 0), ((midnight(0), midnight(-1)), 2)):
        assert discovery.claim_new(one, "", Lane.BACKFILL, between=between) == claimed
    assert states() == {"a.wav": "claimed", "b.wav": "claimed"}
    assert listed(conn, one) == set()  # later runs list from the first key
