"""A real Elasticsearch, indexes of one test alone, and transcripts to put in."""

from __future__ import annotations

import dataclasses
import os
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from mediaindex.catalog.publications import PublishableTranscript, PublishableTurn
from mediaindex.search import Hit, Indexes, from_environment, prepare, publish, search


@pytest.fixture
def make_transcript() -> Any:
    """``make_transcript(*texts, **changes)``: a turn a text, ten seconds each, a word every half second."""

    def make(
        *texts: str, entities: tuple[str, ...] = (), language: str = "en", **changes: Any
    ) -> PublishableTranscript:
        turns = tuple(
            PublishableTurn(
                index=number,
                start=number * 10.0,
                end=number * 10.0 + 10.0,
                speaker=f"SPEAKER_{number % 2:02}",
                language=language,
                text=text,
                confidence=0.9,
                entities=entities,
                topics=("weather",),
                word_starts=tuple(number * 10.0 + place / 2 for place in range(len(text.split()))),
            )
            for number, text in enumerate(texts)
        )
        transcript = PublishableTranscript(
            audio_sha256="a" * 64,
            transcript_id=1,
            version=1,
            source="talks",
            bucket="media",
            key="talks/a.mp3",
            title="A talk",
            language=language,
            recogniser="conformer",
            duration=max(1, len(texts)) * 10.0,
            start=0.0,
            end=max(1, len(texts)) * 10.0,
            published_at=datetime(2026, 1, 2, tzinfo=UTC),
            confidence=0.9 if texts else None,
            needs_review=False,
            turns=turns,
        )
        return dataclasses.replace(transcript, **changes)

    return make


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
