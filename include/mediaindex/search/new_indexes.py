"""The concrete indexes of a rebuild: made, found again after a kill, put behind the aliases, and cleared away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from elasticsearch import Elasticsearch

from .names import KINDS, Concrete, Indexes
from .setup import alias_options, template

SINCE = "rebuild_since"  # in the mappings' _meta: publications from then on must be looked at again


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A rebuild on its way: everything up to the recording ``last`` is in ``into``, which are ``done`` recordings.

    ``since``: what was published later may be missing.
    """

    into: Concrete
    since: datetime
    last: str
    done: int


def create(client: Elasticsearch, indexes: Indexes, since: datetime) -> Unfinished:
    """New, empty indexes behind no alias, which are not searchable until they take over."""
    number = 1 + max(int(name.rpartition("-")[2]) for kind in KINDS for name in _all(client, indexes, kind))
    names = {kind: indexes.concrete(kind, number) for kind in KINDS}
    for kind, name in names.items():
        client.indices.create(
            index=name,
            mappings={"_meta": template(kind)["_meta"] | {SINCE: since.isoformat()}},
            settings={"refresh_interval": "-1"},  # nobody searches it yet
        )
    return Unfinished(Concrete(**names), since, "", 0)


def unfinished(client: Elasticsearch, indexes: Indexes) -> Unfinished | None:
    """What a killed rebuild left, if it can go on: both indexes, made by the templates of today, behind no alias."""
    found: dict[str, str] = {}
    since = ""
    for kind in KINDS:
        names = sorted(_all(client, indexes, kind))
        if not names or names[-1] in client.indices.get_alias(name=indexes.alias(kind)):
            return None
        meta = client.indices.get_mapping(index=names[-1])[names[-1]]["mappings"].get("_meta", {})
        if meta.get("version") != template(kind)["_meta"]["version"] or since not in ("", meta.get(SINCE)):
            return None
        found[kind], since = names[-1], meta.get(SINCE, "")
    return _progress(client, Concrete(**found), datetime.fromisoformat(since)) if since else None


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
    """Put both new indexes behind their aliases in one step, searchable to the last document."""
    new = {"turns": into.turns, "recordings": into.recordings}
    client.indices.put_settings(index=list(new.values()), settings={"index.refresh_interval": None})
    client.indices.refresh(index=list(new.values()))
    actions: list[dict[str, object]] = []
    for kind, name in new.items():
        alias = indexes.alias(kind)
        old = [one for one in client.indices.get_alias(name=alias) if one != name]
        actions += [{"remove": {"index": one, "alias": alias}} for one in old]
        actions.append({"add": {"index": name, "alias": alias, **alias_options(kind)}})
    client.indices.update_aliases(actions=actions)


def drop_unused(client: Elasticsearch, indexes: Indexes) -> list[str]:
    """Delete indexes of ours that no alias names: old ones, and what rebuilds left that cannot go on; their names."""
    dropped = []
    for kind in KINDS:
        in_use = client.indices.get_alias(name=indexes.alias(kind))
        for name in sorted(_all(client, indexes, kind)):
            if name not in in_use:
                client.options(ignore_status=404).indices.delete(index=name)
                dropped.append(name)
    return dropped


def _all(client: Elasticsearch, indexes: Indexes, kind: str) -> list[str]:
    return list(client.indices.get(index=f"{indexes.alias(kind)}-*", features="aliases"))
