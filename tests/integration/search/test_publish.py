from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from mediaindex.errors import ConfigError, TerminalError, TransientError
from mediaindex.search import Hit, Indexes, connect, publish

pytestmark = pytest.mark.servers
Make = Callable[..., Any]
Find = Callable[..., list[Hit]]


def turns(client: Elasticsearch, indexes: Indexes) -> list[tuple[int, int]]:
    """(version, turn) of every turn document."""
    client.indices.refresh(index=indexes.turns)
    documents = client.search(index=indexes.turns, size=100)["hits"]["hits"]
    return sorted((hit["_source"]["revision"], hit["_source"]["turn"]) for hit in documents)


def test_publishing_twice_duplicates_nothing(client: Elasticsearch, indexes: Indexes, make_transcript: Make) -> None:
    for _ in range(2):
        assert publish(client, make_transcript("one", "two"), indexes) == 2
    assert turns(client, indexes) == [(1, 0), (1, 1)]
    client.indices.refresh(index=indexes.recordings)
    assert client.count(index=indexes.recordings)["count"] == 1


def test_metadata_is_matched_exactly(client: Elasticsearch, indexes: Indexes, make_transcript: Make) -> None:
    publish(client, make_transcript("one", metadata={"show": "Morning News", "date": "2026-01-02"}), indexes)
    for index in (indexes.turns, indexes.recordings):
        client.indices.refresh(index=index)
        assert client.count(index=index, query={"term": {"metadata.show": "Morning News"}})["count"] == 1
        assert client.count(index=index, query={"term": {"metadata.show": "News"}})["count"] == 0


def test_a_shorter_version_deletes_surplus_turns(
    client: Elasticsearch, indexes: Indexes, make_transcript: Make, find: Find
) -> None:
    publish(client, make_transcript("one", "two", "three"), indexes)
    publish(client, make_transcript("eins", version=2), indexes)
    assert turns(client, indexes) == [(2, 0)]
    assert find("three") == []


def test_a_late_older_version_changes_nothing(client: Elasticsearch, indexes: Indexes, make_transcript: Make) -> None:
    publish(client, make_transcript("new", version=2), indexes)
    assert publish(client, make_transcript("old", "old", version=1), indexes) == 0
    assert turns(client, indexes) == [(2, 0)]


def test_the_newest_of_parallel_versions_wins(client: Elasticsearch, indexes: Indexes, make_transcript: Make) -> None:
    versions = [make_transcript(*["word"] * (10 - version), version=version) for version in range(1, 9)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda transcript: publish(client, transcript, indexes), versions))
    assert turns(client, indexes) == [(8, 0), (8, 1)]


def test_an_interrupted_publish_is_completed_by_the_next(
    client: Elasticsearch, indexes: Indexes, make_transcript: Make
) -> None:
    publish(client, make_transcript("one", "two"), indexes)
    client.delete(index=indexes.turns, id=f"{'a' * 64}:000001", version=1, version_type="external_gte")
    publish(client, make_transcript("one", "two"), indexes)
    assert turns(client, indexes) == [(1, 0), (1, 1)]


def test_an_empty_transcript_is_a_recording_without_turns(
    client: Elasticsearch, indexes: Indexes, make_transcript: Make
) -> None:
    assert publish(client, make_transcript(), indexes) == 0
    assert client.get(index=indexes.recordings, id="a" * 64)["_source"]["turns"] == 0


def test_a_refused_turn_is_named_and_the_others_are_written(
    client: Elasticsearch, indexes: Indexes, make_transcript: Make
) -> None:
    transcript = make_transcript("one", "two", "three")
    object.__setattr__(transcript.turns[1], "confidence", "not a number")
    with pytest.raises(TerminalError, match=r"refused 1 of 3 documents.*:000001"):
        publish(client, transcript, indexes)
    assert turns(client, indexes) == [(1, 0), (1, 2)]


def test_a_blocked_index_is_transient(client: Elasticsearch, indexes: Indexes, make_transcript: Make) -> None:
    for alias in (indexes.turns, indexes.recordings):
        client.indices.put_settings(index=alias, settings={"index.blocks.write": True})
        with pytest.raises(TransientError):
            publish(client, make_transcript("one"), indexes)
        client.indices.put_settings(index=alias, settings={"index.blocks.write": None})


def test_without_prepared_indexes_no_index_is_created(client: Elasticsearch, make_transcript: Make) -> None:
    with pytest.raises(ConfigError, match="has no mediaindex indexes"):
        publish(client, make_transcript("one"), Indexes("test-never-prepared"))
    assert not client.indices.exists(index="test-never-prepared-turns")


def test_an_unreachable_server_is_transient(make_transcript: Make) -> None:
    with pytest.raises(TransientError, match=r"http://127\.0\.0\.1:1"):
        publish(connect("http://127.0.0.1:1"), make_transcript("one"))
