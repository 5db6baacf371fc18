"""A real Elasticsearch, indexes for each test alone, and transcripts to publish."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from mediaindex.catalog.base.connection import connect as connect_catalog
from mediaindex.search import Hit, Indexes, from_environment, prepare, publish, search
from tests.builders.databases import migrated_database
from tests.builders.recordings import Recorded, arrive, transcribe
from tests.builders.transcripts import publishable


@pytest.fixture
def make_transcript() -> Any:
    """``make_transcript(*texts, **changes)``, see ``tests.builders.transcripts``."""
    return publishable


@pytest.fixture(scope="session")
def client() -> Elasticsearch:
    """The Elasticsearch that MEDIAINDEX_ELASTICSEARCH_URL names."""
    if not os.environ.get("MEDIAINDEX_ELASTICSEARCH_URL"):
        pytest.skip("MEDIAINDEX_ELASTICSEARCH_URL is not set: `make up` starts a server")
    return from_environment()


@pytest.fixture
def indexes(client: Elasticsearch) -> Iterator[Indexes]:
    """Prepared indexes for one test alone, deleted after it."""
    indexes = Indexes(f"test-{uuid.uuid4().hex[:12]}")
    prepare(client, indexes)
    yield indexes
    for name in client.indices.get(index=f"{indexes.prefix}-*"):
        client.indices.delete(index=name)
    client.indices.delete_index_template(name=f"{indexes.prefix}-*")
    client.cluster.delete_component_template(name=f"{indexes.prefix}-*")


@pytest.fixture
def find(client: Elasticsearch, indexes: Indexes) -> Callable[..., list[Hit]]:
    """``search`` in the indexes of the test, after a refresh."""

    def find(words: str, **options: Any) -> list[Hit]:
        client.indices.refresh(index=indexes.turns)
        return search(client, words, indexes=indexes, **options)

    return find


@pytest.fixture
def published(client: Elasticsearch, indexes: Indexes, make_transcript: Callable[..., Any]) -> Callable[..., None]:
    """``make_transcript`` that publishes to the indexes of the test."""

    def published(*texts: str, **changes: Any) -> None:
        publish(client, make_transcript(*texts, **changes), indexes)

    return published


@pytest.fixture(scope="module")
def catalog_url() -> Iterator[str]:
    """A migrated database for one module alone."""
    server = os.environ.get("MEDIAINDEX_DATABASE_URL")
    if not server:
        pytest.skip("MEDIAINDEX_DATABASE_URL is not set: `make up` starts a server")
    yield from migrated_database(server, "search")


@pytest.fixture
def conn(catalog_url: str) -> Iterator[Any]:
    with connect_catalog(catalog_url) as opened:
        yield opened
        with opened.cursor() as cursor:  # so that tests do not affect each other
            cursor.execute("update publication set published_at = now() - interval '1 hour'")
            cursor.execute("update transcript set is_current = false")


@pytest.fixture
def load(conn: Any) -> Callable[..., Recorded]:
    """``load(name, *turns)``: a transcript of the recording ``name`` becomes current; each word takes one second."""
    known: dict[str, Recorded] = {}

    def load(name: str, *turns: str, speaker: str = "SPEAKER_00") -> Recorded:
        if name not in known:
            known[name] = arrive(conn, name, audio=uuid.uuid4().hex * 2)
        transcribe(conn, known[name], *turns, speaker=speaker)
        return known[name]

    return load
