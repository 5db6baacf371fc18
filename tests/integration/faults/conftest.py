"""Real servers behind proxies that only these tests use. A test interrupts a proxy, never a server."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

from mediaindex.catalog.base.connection import connect
from mediaindex.config.sources import Source
from mediaindex.contract.job import Job, JobItem, JobResult, ObjectSource, S3Store
from mediaindex.runner.engines import Engines
from mediaindex.runner.execute import run_job
from mediaindex.search import from_environment
from mediaindex.storage import client as storage_client
from mediaindex.storage.artifacts import open_store
from mediaindex.storage.client import s3_client
from mediaindex.storage.objects import ObjectVersion
from tests.builders.buckets import throwaway_bucket
from tests.builders.databases import migrated_database
from tests.builders.s3_proxy import S3Proxy, s3_proxy
from tests.builders.tcp_proxy import TcpProxy

NEEDED = ("MEDIAINDEX_DATABASE_URL", "MEDIAINDEX_S3_ENDPOINT_URL", "MEDIAINDEX_ELASTICSEARCH_URL")
PROXIED = "proxied"  # the application name of sessions through the proxy of the catalog
TRIES = 2  # per request


@pytest.fixture(scope="module")
def database_url() -> Iterator[str]:
    if missing := [name for name in NEEDED if not os.environ.get(name)]:
        pytest.skip(f"{', '.join(missing)} not set; `make up` starts the servers, `python -m local env` names them")
    yield from migrated_database(os.environ["MEDIAINDEX_DATABASE_URL"], "faults")


@pytest.fixture
def conn(database_url: str) -> Iterator[Any]:
    """A connection to the catalog without a proxy."""
    with connect(database_url) as opened:
        yield opened


@pytest.fixture
def catalog_proxy(database_url: str) -> Iterator[TcpProxy]:
    """A proxy in front of PostgreSQL."""
    with TcpProxy(urlsplit(database_url).port or 5432) as proxy:
        yield proxy


@pytest.fixture
def proxied_url(database_url: str, catalog_proxy: TcpProxy) -> str:
    """The URL of the catalog through the proxy."""
    parts = urlsplit(database_url)
    login = parts.netloc.rpartition("@")[0]
    address = f"{login}@127.0.0.1:{catalog_proxy.port}"
    return urlunsplit(parts._replace(netloc=address, query=f"application_name={PROXIED}"))


@pytest.fixture(scope="module")
def client(database_url: str) -> Any:
    """A client of S3 without a proxy."""
    assert database_url
    return s3_client()


@pytest.fixture
def bucket(client: Any) -> Iterator[str]:
    yield from throwaway_bucket(client)


@pytest.fixture(scope="module")
def running_proxy(client: Any) -> Iterator[S3Proxy]:
    with s3_proxy(client.meta.endpoint_url) as running:
        yield running


@pytest.fixture(scope="module")
def proxied(running_proxy: S3Proxy) -> Iterator[Any]:
    # As in production, but with fewer tries. Creating a client takes a second, so all tests share one.
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(storage_client, "ATTEMPTS", TRIES - 1)
        yield s3_client(running_proxy.url)


@pytest.fixture
def proxy(running_proxy: S3Proxy) -> Iterator[S3Proxy]:
    """The proxy in front of S3, without rules."""
    running_proxy.begin()
    yield running_proxy
    running_proxy.begin()


@pytest.fixture
def through(proxied: Any, proxy: S3Proxy) -> Any:
    """A client of S3 through the proxy."""
    assert proxy
    return proxied


@pytest.fixture
def short_timeout(proxied: Any, proxy: S3Proxy, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The same client with a read timeout of 0.5 s instead of a minute.

    Only for tests in which S3 never answers: on a busy machine an answer may take longer.
    """
    assert proxied
    monkeypatch.setattr(storage_client, "READ_SECONDS", 0.5)
    return storage_client._client.__wrapped__(proxy.url, os.getpid(), (), None)  # not the cached client


@pytest.fixture
def source(bucket: str) -> Source:
    """A source of the whole bucket whose objects are claimed immediately."""
    return Source.model_validate({"name": f"s{uuid.uuid4().hex[:12]}", "bucket": bucket, "settle_seconds": 0})


@pytest.fixture
def connections(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Set Airflow's connections. ``connections(s3=url)`` replaces the URL of S3, for example by that of a proxy."""

    def connect_to(*, postgres: str = "", s3: str = "", elasticsearch: str = "") -> None:
        monkeypatch.setenv("AIRFLOW_CONN_MEDIAINDEX_POSTGRES", postgres or database_url)
        monkeypatch.setenv(
            "AIRFLOW_CONN_MEDIAINDEX_ELASTICSEARCH", elasticsearch or os.environ["MEDIAINDEX_ELASTICSEARCH_URL"]
        )
        login = {"login": os.environ["AWS_ACCESS_KEY_ID"], "password": os.environ["AWS_SECRET_ACCESS_KEY"]}
        for name in ("S3", "SQS"):
            address = (s3 if name == "S3" else "") or os.environ.get(f"MEDIAINDEX_{name}_ENDPOINT_URL", "")
            extra = {"endpoint_url": address, "region_name": "us-east-1"}
            monkeypatch.setenv(
                f"AIRFLOW_CONN_MEDIAINDEX_{name}", json.dumps({"conn_type": "aws", "extra": extra, **login})
            )

    connect_to()
    return connect_to


@pytest.fixture
def own_indexes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Use indexes that only this test uses, and delete them after it."""
    prefix = f"test-{uuid.uuid4().hex[:12]}"
    monkeypatch.setenv("MEDIAINDEX_INDEX_PREFIX", prefix)
    yield
    client = from_environment()
    for name in client.options(ignore_status=404).indices.get(index=f"{prefix}-*"):
        client.indices.delete(index=name)
    client.options(ignore_status=404).indices.delete_index_template(name=f"{prefix}-*")
    client.options(ignore_status=404).cluster.delete_component_template(name=f"{prefix}-*")


def run_normalize(objects: Sequence[ObjectVersion], url: str) -> JobResult:
    """Run the stage normalize on these objects in this process; artifacts are written to their bucket."""
    items = tuple(
        JobItem(
            id=str(number), name=listed.key,
            source=ObjectSource(bucket=listed.bucket, key=listed.key, etag=listed.etag, size=listed.size),
        )
        for number, listed in enumerate(objects)
    )  # fmt: skip
    store = S3Store(bucket=objects[0].bucket, endpoint_url=url)
    return run_job(Job(stage="normalize", items=items, store=store), open_store(store), Engines())
