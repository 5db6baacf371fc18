"""Create index templates, concrete indexes and aliases; idempotent and safe in parallel."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from elasticsearch import BadRequestError, Elasticsearch

from mediaindex.errors import ConfigError, ErrorCode, TransientError

from .client import address, translated
from .names import KINDS, Indexes, configured

# Above the built-in templates of a cluster (100 to 200), so that a broad pattern there never matches these indexes.
PRIORITY = 500
NOT_WITHDRAWN = {"bool": {"must_not": {"term": {"withdrawn": True}}}}


@dataclass(frozen=True, slots=True)
class Prepared:
    """``created``: new concrete indexes. ``outdated``: indexes by an older template, which need a reindex.

    Until then an outdated index accepts new documents, if the template only gained fields.
    """

    created: tuple[str, ...]
    outdated: tuple[str, ...]


@cache
def template(name: str) -> dict[str, Any]:
    """The content of ``templates/{name}.json``; do not modify it."""
    content: dict[str, Any] = json.loads((files(__package__) / "templates" / f"{name}.json").read_text("utf-8"))
    return content


def prepare(client: Elasticsearch, indexes: Indexes | None = None) -> Prepared:
    """Create the templates, the first concrete indexes and their aliases; update what exists.

    Safe during searches and writes.
    """
    indexes = indexes or configured()
    with translated(client):
        _put_templates(client, indexes)
        created = [name for kind in KINDS if (name := _create_first(client, indexes, kind))]
        outdated = [name for kind in KINDS if (name := _outdated(client, indexes, kind))]
        _hide_withdrawn(client, indexes)
    return Prepared(tuple(created), tuple(outdated))


def server(client: Elasticsearch) -> str:
    """Version and health of the cluster, in words. Raises MediaindexError if it cannot be used."""
    with translated(client):
        version = client.info()["version"]["number"]
        health = client.cluster.health()
    text = f"Elasticsearch {version} at {address(client)}, nodes: {health['number_of_nodes']}, {health['status']}"
    if health["status"] == "red":
        raise TransientError(f"{text}: an index has lost a primary shard; see the log of Elasticsearch")
    return text


def existing(client: Elasticsearch, indexes: Indexes | None = None) -> str:
    """The aliases, in words; changes nothing. Raises ConfigError if one is missing or its index is outdated."""
    indexes = indexes or configured()
    for kind in KINDS:
        alias = indexes.alias(kind)
        with translated(client):
            if not client.indices.exists_alias(name=alias):
                raise ConfigError(
                    f"the alias {alias} does not exist; the first publication creates it, or `mediaindex reindex`",
                    code=ErrorCode.SEARCH_NOT_PREPARED,
                )
            outdated = _older(client, indexes, kind)
        if outdated:
            raise ConfigError(f"{outdated} was created with an older template; run `mediaindex reindex`")
    return f"{indexes.turns} and {indexes.recordings} exist and are up to date"


def _put_templates(client: Elasticsearch, indexes: Indexes) -> None:
    analysis = f"{indexes.prefix}-analysis"
    client.cluster.put_component_template(name=analysis, template={"settings": template("analysis")})
    for kind in KINDS:
        client.indices.put_index_template(
            name=indexes.alias(kind),
            index_patterns=[f"{indexes.alias(kind)}-*"],
            composed_of=[analysis],
            priority=PRIORITY,
            # One primary, and one replica if there is a second node: a single node stays green.
            template={
                "settings": {"number_of_shards": 1, "auto_expand_replicas": "0-1"},
                "mappings": template(kind),
            },
        )


def _create_first(client: Elasticsearch, indexes: Indexes, kind: str) -> str | None:
    """Create the first concrete index with its alias; its name, None if the alias exists."""
    alias = indexes.alias(kind)
    # One request for alias and index, because another process may create them between two requests.
    behind = client.options(ignore_status=404).indices.get(index=alias, features="aliases")
    if alias in behind:
        raise ConfigError(
            f"Elasticsearch has an index named {alias!r}, which must be an alias: a client wrote to it before the "
            "indexes were prepared. Delete the index and prepare again; everything is published from the catalog."
        )
    if "status" not in behind:
        return None
    name = indexes.concrete(kind, 1)
    try:
        client.indices.create(index=name, aliases={alias: alias_options(kind)})
    except BadRequestError as error:
        if error.error != "resource_already_exists_exception":
            raise
        return None  # another process created it meanwhile
    return name


def alias_options(kind: str) -> dict[str, Any]:
    """Options of the alias of ``kind``; the alias of recordings hides the tombstones of withdrawn recordings."""
    options: dict[str, Any] = {"is_write_index": True}
    return options | {"filter": NOT_WITHDRAWN} if kind == "recordings" else options


def _hide_withdrawn(client: Elasticsearch, indexes: Indexes) -> None:
    """Add the filter to an alias that was created before recordings could be withdrawn."""
    for name, answer in client.indices.get_alias(name=indexes.recordings).items():
        if "filter" not in answer["aliases"][indexes.recordings]:
            client.indices.put_alias(index=name, name=indexes.recordings, **alias_options("recordings"))


def _outdated(client: Elasticsearch, indexes: Indexes, kind: str) -> str | None:
    """The concrete index of the alias if it is older than the template, with the new fields added; else None."""
    name = _older(client, indexes, kind)
    if name:
        _widen(client, name, template(kind))
    return name


def _older(client: Elasticsearch, indexes: Indexes, kind: str) -> str | None:
    """The concrete index of the alias, if the version of its mappings differs from the template; else None."""
    wanted = template(kind)["_meta"]["version"]
    for name, answer in client.indices.get_mapping(index=indexes.alias(kind)).items():
        if answer["mappings"].get("_meta", {}).get("version") != wanted:
            return str(name)
    return None


def _widen(client: Elasticsearch, name: str, wanted: dict[str, Any]) -> None:
    """Add new fields to an outdated index, so that publications do not wait for its rebuild."""
    # Elasticsearch refuses a field whose type changed; then a rebuild is needed.
    with suppress(BadRequestError):
        fields = {part: wanted[part] for part in ("properties", "dynamic_templates")}
        client.indices.put_mapping(index=name, **fields)
