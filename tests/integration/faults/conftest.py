"""Real servers behind wires and proxies of the tests' own, which can be cut without touching anybody else's work."""

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
TRIES = 2  # of one request


@pytest.fixture(scope="module")
def database_url() -> Iterator[str]:
    if missing := [name for name in NEEDED if not os.environ.get(name)]:
        pytest.skip(f"{', '.join(missing)} not set; `make up` starts the servers, `python -m local env` names them")
    yield from migrated_database(os.environ["MEDIAINDEX_DATABASE_URL"], "faults")


@pytest.fixture
def conn(database_url: str) -> Iterator[Any]:
    """Straight to the catalog, past every wire."""
    with connect(database_url) as opened:
        yield opened


@pytest.fixture
def wire(database_url: str) -> Iterator[TcpProxy]:
    """To PostgreSQL."""
    with TcpProxy(urlsplit(database_url).port or 5432) as proxy:
        yield proxy


@pytest.fixture
def wired_url(database_url: str, wire: TcpProxy) -> str:
    """The catalog's address at the other end of the wire."""
    there = urlsplit(database_url)
    login = there.netloc.rpartition("@")[0]
    return urlunsplit(there._replace(netloc=f"{login}@127.0.0.1:{wire.port}", query="application_name=wired"))


@pytest.fixture(scope="module")
def client(database_url: str) -> Any:
    """Straight to S3."""
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
    # Fewer tries than ours; all else is ours. Making a client takes a second: one for all.
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(storage_client, "ATTEMPTS", TRIES - 1)
        yield s3_client(running_proxy.url)


@pytest.fixture
def proxy(running_proxy: S3Proxy) -> Iterator[S3Proxy]:
    """Before S3, without rules as yet."""
    running_proxy.begin()
    yield running_proxy
    running_proxy.begin()


@pytest.fixture
def through(proxied: Any, proxy: S3Proxy) -> Any:
    """A client of S3 through the proxy."""
    assert proxy
    return proxied


@pytest.fixture
def impatient(proxied: Any, proxy: S3Proxy, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The same, but it waits half a second for an answer where ours wait a minute: for an S3 that gives none at all.

    No answer is to be expected of any machine in that time.
    """
    assert proxied
    monkeypatch.setattr(storage_client, "READ_SECONDS", 0.5)
    return storage_client._client.__wrapped__(proxy.url, os.getpid(), (), None)  # past those that are kept


@pytest.fixture
def source(bucket: str) -> Source:
    """A source of the whole bucket that takes objects at once."""
    return Source.model_validate({"name": f"s{uuid.uuid4().hex[:12]}", "bucket": bucket, "settle_seconds": 0})


@pytest.fixture
def connections(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """``connections(s3=url, …)``: Airflow's connections, those to the tests' own catalog and proxies among them."""

    def connected(*, postgres: str = "", s3: str = "", elasticsearch: str = "") -> None:
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

    connected()
    return connected


@pytest.fixture
def own_indexes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Indexes of these tests' own, instead of the product's."""
    mine = f"test-{uuid.uuid4().hex[:12]}"
    monkeypatch.setenv("MEDIAINDEX_INDEX_PREFIX", mine)
    yield
    client = from_environment()
    for name in client.options(ignore_status=404).indices.get(index=f"{mine}-*"):
        client.indices.delete(index=name)
    client.options(ignore_status=404).indices.delete_index_template(name=f"{mine}-*")
    client.options(ignore_status=404).cluster.delete_component_template(name=f"{mine}-*")


def run_normalize(objects: Sequence[ObjectVersion], url: str) -> JobResult:
    """The runner's word on these objects, in this process; artifacts go into their bucket."""
    items = tuple(
        JobItem(
            id=str(number), name=one.key,
            source=ObjectSource(bucket=one.bucket, key=one.key, etag=one.etag, size=one.size),
        )
        for number, one in enumerate(objects)
    )  # fmt: skip
    store = S3Store(bucket=objects[0].bucket, endpoint_url=url)
    return run_job(Job(stage="normalize", items=items, store=store), open_store(store), Engines())
