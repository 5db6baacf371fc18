"""The commands and tasks, each in its own process, with the real servers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from mediaindex.catalog.batches import batches
from mediaindex.catalog.erasure import erasure
from mediaindex.errors import TransientError
from mediaindex.search import connect, publish_pending
from mediaindex.storage.media import list_objects
from mediaindex.upkeep.erasing import Stores
from mediaindex.upkeep.verifying import verify
from tests.builders.recordings import Recorded

pytestmark = pytest.mark.servers
Indexed = Callable[..., Recorded]
Run = Callable[..., subprocess.CompletedProcess[str]]
CLI = "from mediaindex.cli.main import app; app()"
OUTBOX = "from mediaindex.orchestration import publishing; print(publishing.publish_due())"

# S3 dates objects itself, so retention runs a hundred days after they were put there.
RETENTION = """
from datetime import datetime, timedelta
from mediaindex.orchestration import retention
class Later(datetime):
    @classmethod
    def now(cls, tz=None):
        return datetime.now(tz) + timedelta(days=100)
retention.datetime = Later
print([step() for step in (
    retention.resume_erasures, retention.erase_expired, retention.remove_media, retention.remove_proxies
)])
"""


@pytest.fixture
def run(stores: Stores, catalog_url: str) -> Run:
    address = urlsplit(os.environ["MEDIAINDEX_ELASTICSEARCH_URL"])
    environment = os.environ | {
        "MEDIAINDEX_DATABASE_URL": catalog_url,
        "MEDIAINDEX_ARTIFACTS_BUCKET": stores.artifacts_bucket,
        "MEDIAINDEX_INDEX_PREFIX": stores.indexes.prefix,
        "AIRFLOW_CONN_MEDIAINDEX_POSTGRES": catalog_url,
        "AIRFLOW_CONN_MEDIAINDEX_ELASTICSEARCH": json.dumps(
            {"conn_type": "elasticsearch", "host": address.hostname, "port": address.port, "schema": address.scheme}
        ),
        "AIRFLOW_CONN_MEDIAINDEX_S3": json.dumps(
            {"conn_type": "aws", "extra": {"endpoint_url": os.environ["MEDIAINDEX_S3_ENDPOINT_URL"]}}
        ),
        "COLUMNS": "200",
    }

    def run(*arguments: str, code: str = CLI, **more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", code, *arguments]
        return subprocess.run(command, env=environment | more, check=False, timeout=300, capture_output=True, text=True)

    return run


def test_verify_reindex_and_erase(stores: Stores, indexed: Indexed, run: Run) -> None:
    talk = indexed("talk")
    clean = run("verify")
    assert (clean.returncode, clean.stdout) == (0, "Catalog, Elasticsearch and S3 agree.\n"), clean.stderr
    stores.search.delete(index=stores.indexes.turns, id=f"{talk.audio}:000001")
    different = run("verify", "--json")
    first, last = map(json.loads, different.stdout.splitlines())
    assert (different.returncode, first["kind"], first["subject"]) == (1, "missing_documents", talk.audio)
    assert last == {"clean": False, "counts": {"missing_documents": 1}, "repaired": 0, "paused": []}
    rebuilt = run("reindex")
    assert rebuilt.stdout.startswith("Indexed 1 recording with 2 turns. Searches now use "), rebuilt.stderr
    assert list(verify(stores)) == []
    asked = run("erase", talk.key, "--reason", "request 1")
    assert "would erase 1 object of the ledger and 1 recording " in asked.stdout, asked.stderr
    asked = run("erase", talk.key, "--reason", "request 1", "--json")
    assert json.loads(asked.stdout) == {
        "name": talk.key, "erased": False, "objects": [talk.id], "audios": [talk.audio], "copies": []
    }  # fmt: skip
    assert [one.key for one in list_objects(stores.s3, talk.bucket)] == [talk.key]
    done = run("erase", talk.key, "--reason", "request 1", "--yes", "--json")
    assert (done.returncode, json.loads(done.stdout)["finished"]) == (0, True), done.stderr
    assert run("verify").returncode == 0


def test_verify_has_its_own_exit_code_if_a_server_is_unreachable(run: Run) -> None:
    away = run("verify", MEDIAINDEX_ELASTICSEARCH_URL="http://127.0.0.1:1")
    assert (away.returncode, "does not answer" in away.stderr) == (2, True)


def test_verify_repairs(stores: Stores, indexed: Indexed, run: Run) -> None:
    talk = indexed("talk")
    stores.search.delete(index=stores.indexes.recordings, id=talk.audio)
    repaired = run("verify", "--repair")
    assert (repaired.returncode, "Queued 1 recording for publication" in repaired.stdout) == (1, True)
    publish_pending(stores.conn, stores.search, indexes=stores.indexes)
    assert list(verify(stores)) == []


def test_erase_requires_a_reason(run: Run) -> None:
    asked = run("erase", "in/talk.wav", "--yes")
    assert (asked.returncode, "--reason" in asked.stderr) == (2, True)


def test_erasing_a_personal_key_cleans_the_task_logs_of_this_machine(
    indexed: Indexed, run: Run, tmp_path: Path
) -> None:
    talk = indexed("talk")
    log = tmp_path / "attempt=1.log"
    log.write_text(f"{talk.key}: 3.0 s of audio\n")
    options = ("--reason", "request 2", "--hash-keys", "--yes")
    done = run("erase", talk.key, *options, AIRFLOW__LOGGING__BASE_LOG_FOLDER=str(tmp_path))
    assert (done.returncode, "from 1 task log in" in done.stdout) == (0, True), done.stderr
    assert log.read_text() == "[erased]: 3.0 s of audio\n"


def test_the_outbox_publishes_after_an_outage_of_elasticsearch(stores: Stores, indexed: Indexed, run: Run) -> None:
    talk = indexed("talk", publish=False)
    with pytest.raises(TransientError):
        publish_pending(stores.conn, connect("http://127.0.0.1:1"), batch_id=talk.batch_id, indexes=stores.indexes)
    assert batches.finish(stores.conn, talk.batch_id).unpublished == ((talk.id, ""),)
    nowhere = json.dumps({"conn_type": "elasticsearch", "host": "127.0.0.1", "port": 1})
    away = run(code=OUTBOX, AIRFLOW_CONN_MEDIAINDEX_ELASTICSEARCH=nowhere)
    assert (away.returncode, "does not answer" in away.stderr) == (1, True), away.stderr
    back = run(code=OUTBOX)
    assert "{'published': 1, 'withdrawn': 0, 'refused': 0}" in back.stdout, back.stderr
    assert batches.finish(stores.conn, talk.batch_id).indexed == 1
    assert list(verify(stores)) == []


def test_a_day_of_retention(stores: Stores, indexed: Indexed, run: Run, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    for name, source in (("gone", "calls"), ("media gone", "short"), ("kept", "shows")):
        indexed(name, source=source, when=now)
    held_up = indexed("held up", source="shows", when=now)
    erasure.open_receipt(stores.conn, {held_up.id: True}, reason="request 1", actor="ann")
    file = tmp_path / "sources.yaml"
    short = "media_days: 30, proxy_days: 30"
    file.write_text(
        f"sources:\n  - {{name: calls, bucket: {held_up.bucket}, retention: {{{short}, transcript_days: 90}}}}\n"
        f"  - {{name: short, bucket: {held_up.bucket}, retention: {{{short}}}}}\n"
        f"  - {{name: shows, bucket: {held_up.bucket}}}\n"
    )
    done = run(code=RETENTION, MEDIAINDEX_CONFIG=str(file))
    assert "[1, 1, 1, 1]" in done.stdout, done.stderr
    assert [one.key for one in list_objects(stores.s3, held_up.bucket)] == ["in/kept.wav"]
    assert list(verify(stores)) == []
