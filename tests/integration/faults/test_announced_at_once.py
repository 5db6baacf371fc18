"""Fifty see the same recording at once, by events, listings and backfills: it is claimed, planned and run once."""

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

AT_ONCE = 50


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
        monkeypatch.setenv(variable, os.environ.get(variable, "us-east-1"))  # each task sets them for itself
    told = {"name": f"s{uuid.uuid4().hex[:12]}", "bucket": bucket, "prefix": "in/", "settle_seconds": 0}
    path = tmp_path / "sources.yaml"
    path.write_text(yaml.safe_dump({"sources": [told], "event_queues": [queue]}))
    monkeypatch.setenv("MEDIAINDEX_CONFIG", str(path))
    return sources.load(path)


def all_at_once(configuration: Configuration, keys: list[str]) -> list[int]:
    """By turns a message, a listing and a backfill, in threads with connections of their own; what each claimed."""
    (source,), (queue,) = configuration.sources, configuration.queues
    begin = threading.Barrier(AT_ONCE)

    def see(number: int) -> int:
        begin.wait(SOON_S)
        if number % 3 == 0:
            told = [Message(message(source.bucket, key), "") for key in keys]
            return patiently(lambda: events.receive(configuration, {queue: told}).claimed)
        lane = Lane.FRESH if number % 3 == 1 else Lane.BACKFILL
        return patiently(lambda: discovery.claim_new(source, "in/", lane, whole=True))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(see, range(AT_ONCE)))


def patiently(task: Callable[[], int]) -> int:
    """As Airflow runs it: a server that has no connection left is asked again."""
    deadline = time.monotonic() + 300
    while True:
        try:
            return task()
        except TransientError as error:
            if error.code != "catalog_unreachable" or time.monotonic() > deadline:
                raise
            time.sleep(random.random())  # a retry's delay, drawn as Airflow's are


def planned(conn: Any, source: Source) -> list[tuple[int, int]]:
    """Batch and object of each time that an object was put into a batch."""
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
    assert sum(all_at_once(configuration, ["in/a.wav"])) == 1
    (source,) = configuration.sources
    (one,) = ledger.find(conn, bucket=bucket)
    assert [(move.from_state, move.to_state) for move in ledger.history(conn, one.id)] == [
        (None, "seen"),
        ("seen", "claimed"),
    ]
    ((batch_id, object_id),) = planned(conn, source)
    assert object_id == one.id
    runs = {run["trigger_run_id"] for _ in range(3) for run in discovery.batches_to_start(source.name)}
    (batch,) = batches.unstarted(conn, source.name)
    assert (batch.id, runs) == (batch_id, {batch_job.run_id(batch)})
    assert sum(all_at_once(configuration, ["in/a.wav"])) == 0
    assert planned(conn, source) == [(batch_id, object_id)]


def test_a_copy_of_the_same_sound_costs_no_speech_work(
    conn: Any, client: Any, bucket: str, configuration: Configuration, tmp_path: Path
) -> None:
    python = os.environ.get("MEDIAINDEX_SPEECH_PYTHON")
    if not python:
        pytest.skip("MEDIAINDEX_SPEECH_PYTHON is not set: `python -m local env` names it")
    sound = tone(tmp_path).read_bytes()
    keys = ["in/a.wav", "in/copies/b.wav"]
    for key in keys:
        client.put_object(Bucket=bucket, Key=key, Body=sound)
    assert sum(all_at_once(configuration, keys)) == 2
    (source,) = configuration.sources
    made = {batch_id for batch_id, _ in planned(conn, source)}
    for batch_id in made:
        work = batch_job.speech_work(batch_id, "normalize")
        result = SpeechChild(python, child_environment(os.environ, {})).run(work.job)
        assert batch_job.record(batch_id, result, last_try=True) == 0
    assert sorted(one.state for one in ledger.find(conn, bucket=bucket)) == ["claimed", "duplicate"]
    for stage in ("detect_speech", "diarize", "identify_language"):
        assert sum(len(batches.items(conn, batch_id, stage=stage)) for batch_id in made) == 1
