"""Results of a stage that the tasks of a run record."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mediaindex.catalog.base.connection import connect
from mediaindex.catalog.batches import batches
from mediaindex.catalog.ledger import ledger
from mediaindex.config.sources import Source
from mediaindex.contract.job import ItemError, ItemResult, JobResult
from mediaindex.contract.states import ItemStatus, Lane
from mediaindex.errors import ErrorCode, FailureClass
from mediaindex.orchestration import batch_job, starting
from mediaindex.storage.objects import ObjectVersion
from tests.builders.databases import migrated_database

pytestmark = pytest.mark.servers
SOURCE = {"name": "calls", "bucket": "media", "batch_seconds": 60, "raw_format": {"sample_rate": 8000}}


@pytest.fixture
def conn(server_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A separate catalog, Airflow's connections and a sources file."""
    (tmp_path / "sources.yaml").write_text(json.dumps({"sources": [SOURCE]}))
    monkeypatch.setenv("MEDIAINDEX_CONFIG", str(tmp_path / "sources.yaml"))
    monkeypatch.setenv("MEDIAINDEX_ARTIFACTS_BUCKET", "artifacts")
    monkeypatch.setenv("AIRFLOW_CONN_MEDIAINDEX_S3", json.dumps({"conn_type": "aws"}))
    for url in migrated_database(server_url, "results"):
        monkeypatch.setenv("AIRFLOW_CONN_MEDIAINDEX_POSTGRES", url)
        with connect(url) as opened:
            yield opened


def batch(conn: Any, *names: str) -> tuple[int, list[int]]:
    """A batch of these recordings, and their ids."""
    listed = [ObjectVersion("media", f"in/{name}", "e", "v1", 1_000, datetime.now(UTC)) for name in names]
    ids = [one.id for one in ledger.claim(conn, "calls", listed)]
    (batch_id,) = batches.plan(conn, "calls")
    return batch_id, ids


def normalized(id_: int, seconds: float = 10.0) -> ItemResult:
    return ItemResult(
        id=str(id_), status=ItemStatus.DONE, audio_sha256=f"{id_:064}", fingerprint="n", summary={"duration": seconds}
    )


def test_a_job_has_what_is_known_about_each_recording(conn: Any) -> None:
    batch_id, (first, second) = batch(conn, "a.raw", "b\x1b.raw")
    work = batch_job.speech_work(batch_id, "normalize")
    items = {item.id: item for item in work.job.items}
    assert {id_: item.name for id_, item in items.items()} == {str(first): "a.raw", str(second): "b\ufffd.raw"}
    one = items[str(first)]
    assert (one.source.key, one.source.version_id, one.upstream) == ("in/a.raw", "v1", {})  # type: ignore[union-attr]
    assert one.hints.raw_format is not None
    assert one.hints.raw_format.sample_rate == 8000
    assert set(work.audio_seconds) == set(items)
    batch_job.record(
        batch_id, JobResult(stage="normalize", items=(normalized(first), normalized(second))), last_try=False
    )
    later = batch_job.speech_work(batch_id, "detect_speech")
    assert [(item.audio_sha256, item.upstream) for item in later.job.items] == [
        (f"{id_:064}", {"normalize": "n"}) for id_ in (first, second)
    ]
    assert later.audio_seconds == {str(first): 10.0, str(second): 10.0}


def test_the_error_of_a_recording_is_logged_without_control_characters(
    conn: Any, caplog: pytest.LogCaptureFixture
) -> None:
    batch_id, (good, bad) = batch(conn, "a.raw", "b.raw")
    error = ItemError(code=ErrorCode.S3_BUSY, message="S3\x1b[2J is busy", failure_class=FailureClass.TRANSIENT)
    failed = ItemResult(id=str(bad), status=ItemStatus.FAILED, error=error)
    result = JobResult(stage="normalize", items=(normalized(good), failed))
    caplog.clear()
    assert batch_job.record(batch_id, result, last_try=False) == 1
    assert caplog.messages == ["s3_busy: S3\ufffd[2J is busy"]
    assert batch_job.record(batch_id, result, last_try=True) == 0
    assert any(f"media objects {bad} are back in the queue" in message for message in caplog.messages)


@pytest.mark.parametrize(("names", "left"), [(("a.raw", "b.raw"), 1), (("a.raw",), 1)])
def test_a_far_longer_recording_is_planned_again_unless_it_is_alone(
    conn: Any, names: tuple[str, ...], left: int
) -> None:
    batch_id, (long, *others) = batch(conn, *names)
    result = JobResult(stage="normalize", items=(normalized(long, 90_000.0), *map(normalized, others)))
    batch_job.record(batch_id, result, last_try=True)
    items = [item.media_object_id for item in batches.items(conn, batch_id)]
    assert items == (others or [long])
    assert len(items) == left


@pytest.mark.parametrize(("hours", "planned"), [(None, 2), (0.05, 1)])
def test_a_source_is_planned_within_its_hours_of_a_day(conn: Any, hours: float | None, planned: int) -> None:
    source = Source.model_validate({**SOURCE, "batch_items": 1, "hours_per_day": hours})
    listed = [ObjectVersion("media", f"in/{n}.wav", "e", None, 9_600_000, datetime.now(UTC)) for n in range(2)]
    ledger.claim(conn, "calls", listed)
    assert starting.plan(conn, source, Lane.FRESH) == planned  # each is estimated to be 150 s long
