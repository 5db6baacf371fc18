"""A recording is claimed, planned and run once if events, listings and backfills find it at the same time."""

from __future__ import annotations

import os
import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml

from local.announce import message
from mediaindex.catalog.batches import batches
from mediaindex.catalog.ledger import ledger
from mediaindex.config import sources
from mediaindex.config.sources import Configuration, Source
from mediaindex.contract.states import Lane
from mediaindex.errors import TransientError
from mediaindex.orchestration import batch_job, discovery, events
from mediaindex.orchestration.child import SpeechChild, child_environment
from mediaindex.storage.queue import Message, sqs_client
from tests.builders.media import tone
from tests.builders.waiting import SOON_S

pytestmark = pytest.mark.servers

THREADS = 50


@pytest.fixture
def queue(database_url: str) -> Iterator[str]:
    address = os.environ.get("MEDIAINDEX_SQS_ENDPOINT_URL")
    if not address:
        pytest.skip("MEDIAINDEX_SQS_ENDPOINT_URL is not set; `make up` starts the servers")
    assert database_url
    sqs = sqs_client(os.environ, address)
    url = sqs.create_queue(QueueName=f"test-{uuid.uuid4().hex[:12]}")["QueueUrl"]
    yield url
    sqs.delete_queue(QueueUrl=url)


@pytest.fixture
def configuration(
    bucket: str, queue: str, tmp_path: Path, connections: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> Configuration:
    connections()
    monkeypatch.setenv("MEDIAINDEX_ARTIFACTS_BUCKET", bucket)
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION", "MEDIAINDEX_S3_ENDPOINT_URL"):
        monkeypatch.setenv(variable, os.environ.get(variable, "us-east-1"))  # tasks overwrite it
    source = {"name": f"s{uuid.uuid4().hex[:12]}", "bucket": bucket, "prefix": "in/", "settle_seconds": 0}
    path = tmp_path / "sources.yaml"
    path.write_text(yaml.safe_dump({"sources": [source], "event_queues": [queue]}))
    monkeypatch.setenv("MEDIAINDEX_CONFIG", str(path))
    return sources.load(path)


def discover_concurrently(configuration: Configuration, keys: list[str]) -> list[int]:
    """Process a message, a listing or a backfill in each of 50 threads at the same time. The number each claimed."""
    (source,), (queue,) = configuration.sources, configuration.queues
    start = threading.Barrier(THREADS)

    def discover(number: int) -> int:
        start.wait(SOON_S)
        if number % 3 == 0:
            messages = [Message(message(source.bucket, key), "") for key in keys]
            return retried(lambda: events.receive(configuration, {queue: messages}).claimed)
        lane = Lane.FRESH if number % 3 == 1 else Lane.BACKFILL
        return retried(lambda: discovery.claim_new(source, "in/", lane, whole=True))

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(discover, range(THREADS)))


def retried(task: Callable[[], int]) -> int:
    """Run the task until it succeeds, as Airflow does: PostgreSQL may have no free connection."""
    deadline = time.monotonic() + 300
    while True:
        try:
            return task()
        except TransientError as error:
            if error.code != "catalog_unreachable" or time.monotonic() > deadline:
                raise
            time.sleep(random.random())  # a random delay, like that of Airflow's retries


def planned(conn: Any, source: Source) -> list[tuple[int, int]]:
    """(batch, object) of each entry of an object in a batch."""
    with conn, conn.cursor() as cursor:
        cursor.execute(
            "select b.id, media_object_id from batch_item join batch b on b.id = batch_id where source = %s",
            (source.name,),
        )
        return list(cursor.fetchall())


def test_one_recording_is_claimed_planned_and_started_once(
    conn: Any, client: Any, bucket: str, configuration: Configuration
) -> None:
    client.put_object(Bucket=bucket, Key="in/a.wav", Body=b"RIFF")
    assert sum(discover_concurrently(configuration, ["in/a.wav"])) == 1
    (source,) = configuration.sources
    (found,) = ledger.find(conn, bucket=bucket)
    assert [(change.from_state, change.to_state) for change in ledger.history(conn, found.id)] == [
        (None, "seen"),
        ("seen", "claimed"),
    ]
    ((batch_id, object_id),) = planned(conn, source)
    assert object_id == found.id
    runs = {run["trigger_run_id"] for _ in range(3) for run in discovery.batches_to_start(source.name)}
    (batch,) = batches.unstarted(conn, source.name)
    assert (batch.id, runs) == (batch_id, {batch_job.run_id(batch)})
    assert sum(discover_concurrently(configuration, ["in/a.wav"])) == 0
    assert planned(conn, source) == [(batch_id, object_id)]


def test_a_copy_is_not_processed_again(
    conn: Any, client: Any, bucket: str, configuration: Configuration, tmp_path: Path
) -> None:
    python = os.environ.get("MEDIAINDEX_SPEECH_PYTHON")
    if not python:
        pytest.skip("MEDIAINDEX_SPEECH_PYTHON is not set: `python -m local env` names it")
    audio = tone(tmp_path).read_bytes()
    keys = ["in/a.wav", "in/copies/b.wav"]
    for key in keys:
        client.put_object(Bucket=bucket, Key=key, Body=audio)
    assert sum(discover_concurrently(configuration, keys)) == 2
    (source,) = configuration.sources
    batch_ids = {batch_id for batch_id, _ in planned(conn, source)}
    for batch_id in batch_ids:
        work = batch_job.speech_work(batch_id, "normalize")
        result = SpeechChild(python, child_environment(os.environ, {})).run(work.job)
        assert batch_job.record(batch_id, result, last_try=True) == 0
    assert sorted(one.state for one in ledger.find(conn, bucket=bucket)) == ["claimed", "duplicate"]
    for stage in ("detect_speech", "diarize", "identify_language"):
        assert sum(len(batches.items(conn, batch_id, stage=stage)) for batch_id in batch_ids) == 1
