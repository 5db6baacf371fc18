"""Index templates, concrete indexes and aliases: made once, safe to make again, also by two at once."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from elasticsearch import BadRequestError, Elasticsearch

from mediaindex.errors import ConfigError

from .client import translated
from .names import KINDS, Indexes, configured

# Above the templates a cluster brings along (100 to 200), so that a broad pattern there never takes our indexes.
PRIORITY = 500
NOT_WITHDRAWN = {"bool": {"must_not": {"term": {"withdrawn": True}}}}


@dataclass(frozen=True, slots=True)
class Prepared:
    """``created``: concrete indexes that are new. ``outdated``: indexes made by an older template: reindex them.

    Until then an outdated one takes new documents as far as the template only gained fields.
    """

    created: tuple[str, ...]
    outdated: tuple[str, ...]


@cache
def template(name: str) -> dict[str, Any]:
    """The file ``templates/{name}.json``; do not change what is returned."""
    content: dict[str, Any] = json.loads((files(__package__) / "templates" / f"{name}.json").read_text("utf-8"))
    return content


def prepare(client: Elasticsearch, indexes: Indexes | None = None) -> Prepared:
    """Bring templates, the first concrete indexes and their aliases into being; what exists gains what is new in them.

    Safe while others search and write.
    """
    indexes = indexes or configured()
    with translated(client):
        _put_templates(client, indexes)
        created = [name for kind in KINDS if (name := _create_first(client, indexes, kind))]
        outdated = [name for kind in KINDS if (name := _outdated(client, indexes, kind))]
        _hide_withdrawn(client, indexes)
    return Prepared(tuple(created), tuple(outdated))


def _put_templates(client: Elasticsearch, indexes: Indexes) -> None:
    analysis = f"{indexes.prefix}-analysis"
    client.cluster.put_component_template(name=analysis, template={"settings": template("analysis")})
    for kind in KINDS:
        client.indices.put_index_template(
            name=indexes.alias(kind),
            index_patterns=[f"{indexes.alias(kind)}-*"],
            composed_of=[analysis],
            priority=PRIORITY,
            # One primary and, where there is a second node, one replica: a test node stays green without asking.
            template={
                "settings": {"number_of_shards": 1, "auto_expand_replicas": "0-1"},
                "mappings": template(kind),
            },
        )


def _create_first(client: Elasticsearch, indexes: Indexes, kind: str) -> str | None:
    """Create the first concrete index with its alias, unless the alias is there; its name where it is new."""
    alias = indexes.alias(kind)
    # One question, not "is it an alias?" and then "is it an index?": another process may create it in between.
    behind = client.options(ignore_status=404).indices.get(index=alias, features="aliases")
    if alias in behind:
        raise ConfigError(
            f"Elasticsearch has an index named {alias!r}, which must be an alias: something wrote there before the "
            "indexes were prepared. Delete that index and prepare again; everything is published from the catalog."
        )
    if "status" not in behind:
        return None
    name = indexes.concrete(kind, 1)
    try:
        client.indices.create(index=name, aliases={alias: alias_options(kind)})
    except BadRequestError as error:
        if error.error != "resource_already_exists_exception":
            raise
        return None  # another process was faster by a moment
    return name


def alias_options(kind: str) -> dict[str, Any]:
    """What the alias of ``kind`` is given: nobody who searches recordings meets the marks of withdrawn ones."""
    options: dict[str, Any] = {"is_write_index": True}
    return options | {"filter": NOT_WITHDRAWN} if kind == "recordings" else options


def _hide_withdrawn(client: Elasticsearch, indexes: Indexes) -> None:
    """For an alias that was made before recordings could be withdrawn."""
    for name, answer in client.indices.get_alias(name=indexes.recordings).items():
        if "filter" not in answer["aliases"][indexes.recordings]:
            client.indices.put_alias(index=name, name=indexes.recordings, **alias_options("recordings"))


def _outdated(client: Elasticsearch, indexes: Indexes, kind: str) -> str | None:
    """The concrete index behind the alias, where its mappings are of another version than our template."""
    wanted = template(kind)
    for name, answer in client.indices.get_mapping(index=indexes.alias(kind)).items():
        if answer["mappings"].get("_meta", {}).get("version") != wanted["_meta"]["version"]:
            _widen(client, name, wanted)
            return str(name)
    return None


def _widen(client: Elasticsearch, name: str, wanted: dict[str, Any]) -> None:
    """Give an outdated index the new fields, so that publications do not wait for its rebuild."""
    # A field that changed its kind is refused; then only a rebuild helps.
    with suppress(BadRequestError):
        fields = {part: wanted[part] for part in ("properties", "dynamic_templates")}
        client.indices.put_mapping(index=name, **fields)
