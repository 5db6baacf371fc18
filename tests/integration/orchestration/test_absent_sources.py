"""A source that leaves the sources file: its recordings, feeds and retention have a clear end, and may come back."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from mediaindex.catalog.base.connection import connect
from mediaindex.catalog.batches import batches
from mediaindex.catalog.ledger import discovery, ledger
from mediaindex.catalog.podcasts import feeds
from mediaindex.catalog.transcripts import publications
from mediaindex.cli.main import cli
from mediaindex.orchestration import batch_job, retention, sweep
from mediaindex.storage.objects import ObjectVersion
from tests.builders.databases import migrated_database
from tests.builders.recordings import arrive, transcribe

pytestmark = pytest.mark.servers
Configure = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def url(server_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    for address in migrated_database(server_url, "sources"):
        monkeypatch.setenv("AIRFLOW_CONN_MEDIAINDEX_POSTGRES", address)
        monkeypatch.setenv("AIRFLOW_CONN_MEDIAINDEX_S3", json.dumps({"conn_type": "aws"}))
        monkeypatch.setenv("MEDIAINDEX_DATABASE_URL", address)
        monkeypatch.setenv("MEDIAINDEX_ARTIFACTS_BUCKET", "artifacts")
        yield address


@pytest.fixture
def conn(url: str) -> Iterator[Any]:
    with connect(url) as opened:
        yield opened


@pytest.fixture
def configure(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Configure:
    """Write a sources file with these sources, and let the sweep read it."""

    def write(*names: str, **more: Any) -> list[dict[str, Any]]:
        path = tmp_path / f"{uuid.uuid4().hex}.yaml"
        sources = [{"name": name, "bucket": "media", "prefix": "in/", **more} for name in names]
        path.write_text(json.dumps({"sources": sources}))
        monkeypatch.setenv("MEDIAINDEX_CONFIG", str(path))
        return sweep.plan_due()

    return write


def command(*words: str) -> Result:
    return CliRunner().invoke(cli, list(words), catch_exceptions=True)


def claim(conn: Any, source: str) -> int:
    seen = ObjectVersion("media", f"in/{uuid.uuid4().hex}.wav", "e", None, 1, datetime.now(UTC))
    return ledger.claim(conn, source, [seen])[0].id


def state(conn: Any, id_: int) -> tuple[str, str | None]:
    (found,) = ledger.find(conn, ids=[id_])
    return found.state, found.reason_code


def test_waiting_recordings_are_set_aside_and_queued_again_with_their_source(conn: Any, configure: Configure) -> None:
    configure("calls", "added")
    id_ = claim(conn, "added")
    seen = ObjectVersion("media", "in/growing.wav", "e", None, 1, datetime.now(UTC))
    discovery.note(conn, "added", [(seen, {})], "listing")  # type: ignore[arg-type]
    configure("calls")
    assert state(conn, id_) == ("quarantined", "no_source")
    assert [(found.state, found.reason_code) for found in ledger.find(conn, key="in/growing.wav")] == [
        ("seen", "no_source")
    ]
    assert "Would skip 1 object: its source added" in command("ledger", "requeue", str(id_)).output
    asked = command("ledger", "requeue", str(id_), "--yes")
    assert "Queued 0 objects" in asked.output
    assert "its source added is not in the sources file" in asked.output
    assert state(conn, id_) == ("quarantined", "no_source")
    configure("calls", "added")
    assert state(conn, id_) == ("claimed", None)


def test_a_batch_at_work_ends_in_a_clear_state(conn: Any, configure: Configure) -> None:
    configure("calls", "added")
    id_ = claim(conn, "added")
    (batch_id,) = batches.plan(conn, "added")
    configure("calls")
    work = batch_job.speech_work(batch_id, "normalize")
    assert work.job.items == ()
    assert state(conn, id_) == ("quarantined", "no_source")
    assert batches.finish(conn, batch_id).unfinished == ()


def test_a_renamed_source_keeps_everything(conn: Any, configure: Configure) -> None:
    configure("calls", "old", kind="bucket")
    recorded = arrive(conn, "talk", bucket="media", source="old")
    transcribe(conn, recorded, "here is the weather")
    for due in publications.pending(conn, batch_id=recorded.batch_id):
        publications.mark_published(conn, due.id)
    batches.finish(conn, recorded.batch_id)
    waiting = claim(conn, "old")
    feeds.follow(conn, "old", ["https://example.org/feed"])
    discovery.advance(conn, "old", "in/", discovery.Progress("in/x"))

    assert command("source", "rename", "old", "new", "--yes").exit_code == 1  # the file still has it
    configure("calls")
    assert command("source", "rename", "old", "new", "--yes").exit_code == 1  # the file has no such source
    configure("calls", "new")
    described = command("source", "rename", "old", "new")
    assert "would give 2 recordings and 1 feed to new" in described.output, described.output
    assert [found.source for found in ledger.find(conn, ids=[waiting])] == ["old"]
    done = command("source", "rename", "old", "new", "--yes", "--json")
    assert done.exit_code == 0, (done.output, done.exception)
    assert json.loads(done.output)["done"] is True
    configure("calls", "new")

    assert {found.source for found in ledger.find(conn, ids=[waiting, recorded.id])} == {"new"}
    assert state(conn, waiting) == ("claimed", None)
    assert [feed.source for feed in feeds.health(conn)] == ["new"]
    assert discovery.progress(conn, "new", "in/").watermark == "in/x"
    assert len(publications.pending(conn)) == 1  # its documents name the source
    listed = {row["name"]: row["status"] for row in json.loads(command("source", "list", "--json").output)}
    assert (listed["old"], listed["new"]) == ("renamed to new", "configured")


def test_a_feed_under_both_names_is_merged(conn: Any, configure: Configure) -> None:
    for name in ("old", "new"):
        configure("old", "new")
        feeds.follow(conn, name, ["https://example.org/feed"])
    configure("new")
    assert command("source", "rename", "old", "new", "--yes").exit_code == 0
    assert [(feed.source, feed.url) for feed in feeds.health(conn)] == [("new", "https://example.org/feed")]


def test_a_retired_source_has_the_retention_that_it_was_retired_with(
    conn: Any, configure: Configure, caplog: pytest.LogCaptureFixture
) -> None:
    configure("calls", "old")
    id_ = claim(conn, "old")
    feeds.follow(conn, "old", ["https://example.org/feed"])
    configure("calls", retention={"media_days": 5})
    assert [policy.source for policy in retention.policies(conn)] == ["calls"]
    assert "Nothing was changed" in command("source", "retire", "old", "--media-days", "30").output
    assert command("source", "retire", "old", "--transcript-days", "30", "--yes").exit_code == 2
    assert command("source", "retire", "old", "--media-days", "30", "--yes").exit_code == 0
    claim(conn, "forgotten")
    caplog.clear()
    policies = {policy.source: policy.retention.media_days for policy in retention.policies(conn)}
    assert policies == {"calls": 5, "old": 30}
    (told,) = [message for message in caplog.messages if "without limit" in message]
    assert told.startswith("source forgotten: 1 recordings are kept")
    assert (state(conn, id_), feeds.health(conn)) == (("quarantined", "no_source"), [])
    configure("calls", "old")
    assert state(conn, id_) == ("claimed", None)


def test_two_airflows_may_have_different_sources(
    conn: Any, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure("ours")
    monkeypatch.setenv("AIRFLOW_VAR_MEDIAINDEX_AIRFLOW_ID", str(uuid.UUID(int=2)))
    configure("theirs")
    id_ = claim(conn, "ours")
    configure("theirs")
    assert state(conn, id_) == ("claimed", None)
