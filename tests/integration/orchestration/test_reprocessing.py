"""A recording is indexed again after a change; only results that depend on the change are computed.

Without Airflow: the functions of its tasks run one after the other, with the real speech process.
"""

from __future__ import annotations

import json
import logging
import os
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from mediaindex.catalog.base.connection import connect
from mediaindex.catalog.base.migrate import migrate
from mediaindex.catalog.batches import batches
from mediaindex.catalog.batches import batches as progress
from mediaindex.catalog.ledger import ledger
from mediaindex.contract.pipeline import AFTER_TRIAGE, BEFORE_TRIAGE, STAGES
from mediaindex.orchestration import batch_job, connections, indexing, reprocessing
from mediaindex.orchestration.child import SpeechChild, child_environment
from mediaindex.search import Indexes, from_environment, prepare, publish_pending
from mediaindex.storage.client import s3_client
from mediaindex.storage.media import list_objects
from tests.builders import corpus
from tests.builders.buckets import throwaway_bucket
from tests.builders.databases import throwaway_database

RECORDING = corpus.readings()[0].path
DEFAULTS: dict[str, Any] = {
    **dict.fromkeys(("from", "to", "stage", "engine", "run_before", "language")),
    "sources": [],
    "limit": 10,
    "lane": "backfill",
    "dry_run": False,
}

pytestmark = [pytest.mark.servers, pytest.mark.models]


class Lab:
    """One source with one recording, with separate databases, buckets and indexes."""

    def __init__(self, url: str, bucket: str, indexes: Indexes, folder: Path) -> None:
        self.url, self.bucket, self.indexes, self.folder = url, bucket, indexes, folder
        self.client = from_environment()
        self.requests = 0

    def configure(self, monkeypatch: pytest.MonkeyPatch, stages: dict[str, dict[str, Any]]) -> None:
        """Use these settings from now on."""
        path = self.folder / f"{uuid.uuid4().hex}.yaml"
        source = {"name": "talks", "bucket": self.bucket, "prefix": "in/", "languages": ["en"]}
        path.write_text(yaml.safe_dump({"sources": [source], "stages": stages}), "utf-8")
        monkeypatch.setenv("MEDIAINDEX_CONFIG", str(path))

    def arrive(self) -> int:
        s3_client().upload_file(str(RECORDING), self.bucket, "in/talk.flac")
        with connect(self.url) as conn:
            (claimed,) = ledger.claim(conn, "talks", list_objects(s3_client(), self.bucket, "in/"))
        return claimed.id

    def ask(self, **params: Any) -> list[str]:
        self.requests += 1
        return reprocessing.choose(DEFAULTS | params, f"manual__{self.requests}")

    def run(self) -> tuple[int, dict[str, str]]:
        """Run the only batch, up to its transcript in PostgreSQL. Returns its id, and the counts of each stage."""
        (started,) = reprocessing.plan_batches(["talks"])
        batch_id = started["conf"]["batch_id"]
        with connect(self.url) as conn:
            batches.mark_started(conn, batch_id, started["trigger_run_id"])
        did = {stage: self._stage(batch_id, stage) for stage in BEFORE_TRIAGE}
        assert indexing.decide(batch_id) == ["transcribe"]
        did |= {stage: self._stage(batch_id, stage) for stage in AFTER_TRIAGE}
        indexing.load_transcripts(batch_id)
        return batch_id, did

    def _stage(self, batch_id: int, stage: str) -> str:
        work = batch_job.speech_work(batch_id, stage)
        python = os.environ["MEDIAINDEX_SPEECH_PYTHON"]
        environment = child_environment(os.environ, connections.s3_environment())
        result = SpeechChild(python, environment, logging.getLogger(__name__)).run(work.job)
        batch_job.record(batch_id, result, last_try=True)
        return ", ".join(item.status for item in result.items)

    def publish(self, batch_id: int) -> int:
        with connect(self.url) as conn:
            return publish_pending(conn, self.client, batch_id=batch_id, indexes=self.indexes).published

    def found(self) -> set[int]:
        """Revisions of the turns in the search index."""
        self.client.indices.refresh(index=self.indexes.turns)
        answer = self.client.search(index=self.indexes.turns, size=1_000)
        return {hit["_source"]["revision"] for hit in answer["hits"]["hits"]}

    def transcript(self, id_: int) -> int | None:
        with connect(self.url) as conn:
            return progress.current_transcript(conn, id_)

    def state(self, id_: int) -> tuple[str, str | None]:
        with connect(self.url) as conn:
            (one,) = ledger.find(conn, ids=[id_])
        return one.state, one.reason_code


@pytest.fixture
def lab(server_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    if not os.environ.get("MEDIAINDEX_SPEECH_PYTHON"):
        pytest.skip("MEDIAINDEX_SPEECH_PYTHON is not set; `python -m local env` names it")
    s3 = {"conn_type": "aws", "extra": {"endpoint_url": os.environ["MEDIAINDEX_S3_ENDPOINT_URL"]}}
    monkeypatch.setenv("AIRFLOW_CONN_MEDIAINDEX_S3", json.dumps(s3))
    client, indexes = from_environment(), Indexes(f"test-{uuid.uuid4().hex[:12]}")
    prepare(client, indexes)
    for url in throwaway_database(server_url, "reprocessing"):
        with connect(url) as conn:
            migrate(conn)
        monkeypatch.setenv("AIRFLOW_CONN_MEDIAINDEX_POSTGRES", url)
        for bucket in throwaway_bucket(s3_client()):
            monkeypatch.setenv("MEDIAINDEX_ARTIFACTS_BUCKET", bucket)
            yield Lab(url, bucket, indexes, tmp_path)
    for name in client.indices.get(index=f"{indexes.prefix}-*"):
        client.indices.delete(index=name)
    client.indices.delete_index_template(name=f"{indexes.prefix}-*")
    client.cluster.delete_component_template(name=f"{indexes.prefix}-*")


def test_only_results_that_depend_on_a_change_are_computed_again(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.configure(monkeypatch, {})
    talk = lab.arrive()
    assert lab.state(talk) == ("claimed", None)
    batch_id, did = lab.run()
    assert (set(did), set(did.values())) == (set(STAGES), {"done"})
    assert lab.publish(batch_id) == 1
    indexing.finish(batch_id)
    first, old = lab.transcript(talk), lab.found()
    assert len(old) == 1

    # Without a change nothing is computed, although the object is gone, and there is no new version.
    s3_client().delete_object(Bucket=lab.bucket, Key="in/talk.flac")
    assert lab.ask(stage="transcribe") == ["talks"]
    batch_id, did = lab.run()
    assert set(did.values()) == {"cached"}
    assert (lab.transcript(talk), lab.publish(batch_id)) == (first, 0)
    indexing.finish(batch_id)
    assert lab.state(talk) == ("indexed", None)

    # One stage has other settings, and so has normalize, which reuses the audio that it normalised before.
    lab.configure(
        monkeypatch, {"find_topics": {"fillers": False, "digits": False}, "normalize": {"target_lufs": -16.0}}
    )
    assert lab.ask(stage="find_topics", run_before=datetime.now(UTC).isoformat()) == ["talks"]
    assert lab.found() == old  # while it waits
    batch_id, did = lab.run()
    assert {stage for stage, status in did.items() if status == "done"} == {"find_topics"}
    second = lab.transcript(talk)
    assert second != first
    assert lab.found() == old  # loaded, not published
    assert lab.publish(batch_id) == 1
    indexing.finish(batch_id)
    assert lab.state(talk) == ("indexed", None)
    assert len(lab.found() - old) == len(lab.found()) == 1
