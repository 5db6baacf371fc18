from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from mediaindex.errors import TerminalError
from mediaindex.search import Hit, Indexes, publish, reindex

pytestmark = pytest.mark.servers
Make = Callable[..., Any]
Find = Callable[..., list[Hit]]


def test_search_finds_the_same_throughout_and_only_the_new_index_stays(
    client: Elasticsearch, indexes: Indexes, make_transcript: Make, find: Find
) -> None:
    publish(client, make_transcript(*["weather"] * 500), indexes)
    with ThreadPoolExecutor(1) as pool:
        rebuilt = pool.submit(reindex, client, "turns", indexes)
        counts = {len(find("weather", limit=1000))}
        while not rebuilt.done():
            counts.add(len(find("weather", limit=1000)))
    assert rebuilt.result() == f"{indexes.prefix}-turns-000002"
    assert counts | {len(find("weather", limit=1000))} == {500}
    assert list(client.indices.get(index=f"{indexes.turns}-*")) == [f"{indexes.prefix}-turns-000002"]


def test_versions_come_along(client: Elasticsearch, indexes: Indexes, make_transcript: Make, find: Find) -> None:
    publish(client, make_transcript("newer weather", version=2), indexes)
    for kind in ("turns", "recordings"):
        reindex(client, kind, indexes)
    assert publish(client, make_transcript("older weather", version=1), indexes) == 0
    assert publish(client, make_transcript("newest weather", version=3), indexes) == 1
    assert [hit.text for hit in find("weather")] == ["newest weather"]


def test_documents_that_do_not_fit_leave_everything_as_it_was(
    client: Elasticsearch, indexes: Indexes, make_transcript: Make, find: Find
) -> None:
    client.indices.put_mapping(index=indexes.turns, properties={"extra": {"type": "keyword"}})
    client.index(index=indexes.turns, document={"extra": "the template does not know it", "text": "weather"})
    with pytest.raises(TerminalError, match="does not fit the new template"):
        reindex(client, "turns", indexes)
    assert list(client.indices.get(index=f"{indexes.turns}-*")) == [f"{indexes.prefix}-turns-000001"]
    assert publish(client, make_transcript("writable again"), indexes) == 1


def test_a_second_rebuild_at_once_is_refused(client: Elasticsearch, indexes: Indexes) -> None:
    client.indices.create(index=f"{indexes.prefix}-turns-000002")
    with pytest.raises(TerminalError, match="another rebuild"):
        reindex(client, "turns", indexes)
