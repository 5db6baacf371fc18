from __future__ import annotations

import copy
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from elasticsearch import BadRequestError, Elasticsearch, NotFoundError

from mediaindex.errors import ConfigError
from mediaindex.search import Indexes, Prepared, prepare, publish, withdraw
from mediaindex.search.setup import existing, template

pytestmark = pytest.mark.servers


def test_preparing_again_changes_nothing(client: Elasticsearch, indexes: Indexes) -> None:
    assert prepare(client, indexes) == Prepared(created=(), outdated=())
    assert list(client.indices.get_alias(name=indexes.turns)) == [f"{indexes.prefix}-turns-000001"]


def test_parallel_calls_create_one_index_per_alias(client: Elasticsearch, indexes: Indexes) -> None:
    for name in client.indices.get(index=f"{indexes.prefix}-*"):
        client.indices.delete(index=name)
    with ThreadPoolExecutor(8) as pool:
        prepared = list(pool.map(lambda _: prepare(client, indexes), range(8)))
    assert sorted(name for result in prepared for name in result.created) == [
        f"{indexes.prefix}-recordings-000001",
        f"{indexes.prefix}-turns-000001",
    ]


def test_an_unknown_field_is_refused(client: Elasticsearch, indexes: Indexes) -> None:
    with pytest.raises(BadRequestError, match="strict_dynamic_mapping_exception"):
        client.index(index=indexes.turns, document={"surprise": 1})


def test_a_write_to_a_missing_alias_creates_no_index(client: Elasticsearch, indexes: Indexes) -> None:
    with pytest.raises(NotFoundError):
        client.index(index=f"{indexes.prefix}-typo", document={}, require_alias=True)


def test_an_index_with_the_name_of_the_alias_is_reported(client: Elasticsearch, indexes: Indexes) -> None:
    client.indices.delete(index=f"{indexes.prefix}-turns-000001")
    client.indices.create(index=indexes.turns)
    with pytest.raises(ConfigError, match=indexes.turns):
        prepare(client, indexes)


def test_an_index_of_an_older_template_is_reported(client: Elasticsearch, indexes: Indexes) -> None:
    client.indices.put_mapping(index=indexes.turns, meta={"version": 0})
    with pytest.raises(ConfigError, match="mediaindex reindex"):
        existing(client, indexes)
    assert prepare(client, indexes).outdated == (f"{indexes.prefix}-turns-000001",)


def test_an_outdated_index_accepts_new_fields_and_withdrawals(
    client: Elasticsearch, indexes: Indexes, make_transcript: Callable[..., Any]
) -> None:
    for name in client.indices.get(index=f"{indexes.prefix}-*"):
        client.indices.delete(index=name)
    client.indices.delete_index_template(name=f"{indexes.prefix}-*")
    for kind in ("turns", "recordings"):
        older = copy.deepcopy(template(kind))
        for field in ("spoken", "spoken_starts", "withdrawn"):
            older["properties"].pop(field, None)
        client.indices.create(
            index=indexes.concrete(kind, 1),
            aliases={indexes.alias(kind): {}},
            mappings=older | {"_meta": {"version": 0}},
            settings=template("analysis"),
        )
    assert len(prepare(client, indexes).outdated) == 2
    assert publish(client, make_transcript("1984", spoken="nineteen eighty four"), indexes) == 1
    withdraw(client, "a" * 64, 2, indexes)
    client.indices.refresh(index=indexes.recordings)
    assert client.count(index=indexes.recordings)["count"] == 0
