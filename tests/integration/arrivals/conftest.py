"""Discovery with real servers: a separate catalog, bucket and queue."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mediaindex.catalog.base.connection import connect
from mediaindex.config.sources import Source
from mediaindex.storage import client as storage_client
from mediaindex.storage.client import s3_client
from mediaindex.storage.queue import sqs_client
from tests.builders.buckets import throwaway_bucket
from tests.builders.databases import migrated_database
from tests.builders.s3_proxy import S3Proxy, s3_proxy

NEEDED = ("MEDIAINDEX_DATABASE_URL", "MEDIAINDEX_S3_ENDPOINT_URL", "MEDIAINDEX_SQS_ENDPOINT_URL")


@pytest.fixture(scope="session")
def database_url() -> Iterator[str]:
    if missing := [name for name in NEEDED if not os.environ.get(name)]:
        pytest.skip(f"{', '.join(missing)} not set; `make up` starts the servers, `python -m local env` names them")
    yield from migrated_database(os.environ["MEDIAINDEX_DATABASE_URL"])


@pytest.fixture
def conn(database_url: str) -> Iterator[Any]:
    with connect(database_url) as opened:
        yield opened


@pytest.fixture(scope="session")
def client(database_url: str) -> Any:
    return s3_client()


@pytest.fixture
def bucket(client: Any) -> Iterator[str]:
    yield from throwaway_bucket(client)


@pytest.fixture
def source(bucket: str) -> Callable[..., Source]:
    """A source of the whole bucket without a settling time."""
    name = f"s{uuid.uuid4().hex[:12]}"
    return lambda **more: Source.model_validate({"name": name, "bucket": bucket, "settle_seconds": 0, **more})


@pytest.fixture
def put(client: Any, bucket: str) -> Callable[..., None]:
    def build(*keys: str, body: bytes = b"RIFF") -> None:
        for key in keys:
            client.put_object(Bucket=bucket, Key=key, Body=body)

    return build


@pytest.fixture
def states(conn: Any, bucket: str) -> Callable[[], dict[str, Any]]:
    """State and reason code of the bucket's objects in the ledger, by key; of several versions the newest."""

    def read() -> dict[str, Any]:
        with conn, conn.cursor() as cursor:
            cursor.execute("select key, state, reason_code from media_object where bucket = %s order by id", (bucket,))
            return {key: (state, code) if code else state for key, state, code in cursor.fetchall()}

    return read


@pytest.fixture(scope="session")
def sqs(database_url: str) -> Any:
    return sqs_client(os.environ, os.environ["MEDIAINDEX_SQS_ENDPOINT_URL"])


@pytest.fixture
def queue(sqs: Any) -> Iterator[str]:
    url = sqs.create_queue(QueueName=f"test-{uuid.uuid4().hex[:12]}")["QueueUrl"]
    yield url
    sqs.delete_queue(QueueUrl=url)


@pytest.fixture
def connections(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Airflow's connections, with the catalog of the tests."""
    monkeypatch.setenv("AIRFLOW_CONN_MEDIAINDEX_POSTGRES", database_url)
    for name in ("S3", "SQS"):
        extra = {"endpoint_url": os.environ[f"MEDIAINDEX_{name}_ENDPOINT_URL"], "region_name": "us-east-1"}
        login = {"login": os.environ["AWS_ACCESS_KEY_ID"], "password": os.environ["AWS_SECRET_ACCESS_KEY"]}
        monkeypatch.setenv(f"AIRFLOW_CONN_MEDIAINDEX_{name}", json.dumps({"conn_type": "aws", "extra": extra, **login}))


@pytest.fixture(scope="session")
def running_proxy(client: Any) -> Iterator[S3Proxy]:
    with s3_proxy(client.meta.endpoint_url) as running:
        yield running


@pytest.fixture(scope="session")
def proxied(running_proxy: S3Proxy) -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(storage_client, "ATTEMPTS", 1)  # otherwise as in operation
        yield s3_client(running_proxy.url)


@pytest.fixture
def proxy(running_proxy: S3Proxy) -> Iterator[S3Proxy]:
    """A proxy of S3, without rules at first."""
    running_proxy.begin()
    yield running_proxy
    running_proxy.begin()


@pytest.fixture
def through(proxied: Any, proxy: S3Proxy) -> Any:
    """A client of S3 through the proxy."""
    assert proxy
    return proxied
