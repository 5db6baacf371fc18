"""A real Elasticsearch, indexes of one test alone, and transcripts to put in."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from mediaindex.search import Hit, Indexes, from_environment, prepare, publish, search
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
    """Prepared indexes of this test alone, deleted after it."""
    indexes = Indexes(f"test-{uuid.uuid4().hex[:12]}")
    prepare(client, indexes)
    yield indexes
    for name in client.indices.get(index=f"{indexes.prefix}-*"):
        client.indices.delete(index=name)
    client.indices.delete_index_template(name=f"{indexes.prefix}-*")
    client.cluster.delete_component_template(name=f"{indexes.prefix}-*")


@pytest.fixture
def find(client: Elasticsearch, indexes: Indexes) -> Callable[..., list[Hit]]:
    """``search`` over this test's indexes, with everything written so far visible."""

    def find(words: str, **options: Any) -> list[Hit]:
        client.indices.refresh(index=indexes.turns)
        return search(client, words, indexes=indexes, **options)

    return find


@pytest.fixture
def published(client: Elasticsearch, indexes: Indexes, make_transcript: Callable[..., Any]) -> Callable[..., None]:
    """``make_transcript``, and the transcript is in this test's indexes."""

    def published(*texts: str, **changes: Any) -> None:
        publish(client, make_transcript(*texts, **changes), indexes)

    return published
