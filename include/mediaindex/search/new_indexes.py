"""The concrete indexes of a rebuild: create, resume after a kill, switch the aliases, and delete unused ones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from elasticsearch import Elasticsearch

from .names import KINDS, Concrete, Indexes
from .setup import alias_options, template

SINCE = "rebuild_since"  # in the mappings' _meta: publications from this time on are published again


@dataclass(frozen=True, slots=True)
class Unfinished:
    """An unfinished rebuild: ``into`` has all ``done`` recordings up to and including ``last``.

    ``since``: recordings published later may be missing.
    """

    into: Concrete
    since: datetime
    last: str
    done: int


def create(client: Elasticsearch, indexes: Indexes, since: datetime) -> Unfinished:
    """Create empty indexes without an alias; they are not searchable before ``take_over``."""
    number = 1 + max(int(name.rpartition("-")[2]) for kind in KINDS for name in _all(client, indexes, kind))
    names = {kind: indexes.concrete(kind, number) for kind in KINDS}
    for kind, name in names.items():
        client.indices.create(
            index=name,
            mappings={"_meta": template(kind)["_meta"] | {SINCE: since.isoformat()}},
            settings={"refresh_interval": "-1"},  # not searched yet
        )
    return Unfinished(Concrete(**names), since, "", 0)


def unfinished(client: Elasticsearch, indexes: Indexes) -> Unfinished | None:
    """A killed rebuild that can be resumed: both indexes by the current templates, without an alias. Else None."""
    into: dict[str, str] = {}
    since = ""
    for kind in KINDS:
        names = sorted(_all(client, indexes, kind))
        if names[-1] in client.indices.get_alias(name=indexes.alias(kind)):
            return None
        meta = client.indices.get_mapping(index=names[-1])[names[-1]]["mappings"].get("_meta", {})
        if meta.get("version") != template(kind)["_meta"]["version"] or since not in ("", meta.get(SINCE)):
            return None
        into[kind], since = names[-1], meta.get(SINCE, "")
    return _progress(client, Concrete(**into), datetime.fromisoformat(since)) if since else None


def _progress(client: Elasticsearch, into: Concrete, since: datetime) -> Unfinished:
    client.indices.refresh(index=into.recordings)
    answer = client.search(
        index=into.recordings,
        sort=[{"recording": "desc"}],
        size=1,
        source_includes=["recording"],
        track_total_hits=True,
    )["hits"]
    last = answer["hits"][0]["_source"]["recording"] if answer["hits"] else ""
    return Unfinished(into, since, last, int(answer["total"]["value"]))


def take_over(client: Elasticsearch, indexes: Indexes, into: Concrete) -> None:
    """Switch both aliases to the new indexes in one step, with every document searchable."""
    new = {"turns": into.turns, "recordings": into.recordings}
    client.indices.put_settings(index=list(new.values()), settings={"index.refresh_interval": None})
    client.indices.refresh(index=list(new.values()))
    actions: list[dict[str, object]] = []
    for kind, name in new.items():
        alias = indexes.alias(kind)
        replaced = [index for index in client.indices.get_alias(name=alias) if index != name]
        actions += [{"remove": {"index": index, "alias": alias}} for index in replaced]
        actions.append({"add": {"index": name, "alias": alias, **alias_options(kind)}})
    client.indices.update_aliases(actions=actions)


def drop_unused(client: Elasticsearch, indexes: Indexes) -> None:
    """Delete the indexes without an alias: replaced ones, and those of rebuilds that cannot be resumed."""
    for kind in KINDS:
        in_use = client.indices.get_alias(name=indexes.alias(kind))
        for name in sorted(_all(client, indexes, kind)):
            if name not in in_use:
                client.options(ignore_status=404).indices.delete(index=name)


def _all(client: Elasticsearch, indexes: Indexes, kind: str) -> list[str]:
    return list(client.indices.get(index=f"{indexes.alias(kind)}-*", features="aliases"))
