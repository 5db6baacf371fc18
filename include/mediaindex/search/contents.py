"""What Elasticsearch holds of each recording, in order of the recordings, in any size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from heapq import merge
from itertools import groupby
from typing import Any

from elasticsearch import Elasticsearch

from .client import translated
from .names import Indexes, configured

PAGE = 1_000
KEEP = "5m"  # how long Elasticsearch keeps our view of an index between two pages


@dataclass(frozen=True, slots=True)
class Found:
    """Documents of one recording. ``revision``, ``transcript_id`` and ``said_turns`` as its own document says, if any.

    ``turns`` are there, of revisions from ``lowest`` to ``highest``.
    """

    audio_sha256: str
    revision: int | None = None
    transcript_id: int | None = None
    said_turns: int | None = None
    turns: int = 0
    lowest: int | None = None
    highest: int | None = None


def contents(
    client: Elasticsearch, indexes: Indexes | None = None, audios: Sequence[str] | None = None
) -> Iterator[Found]:
    """Every recording, or these of them, that has any document; marks of withdrawn ones are none.

    Raises TransientError where Elasticsearch is away.
    """
    indexes = indexes or configured()
    query = {"match_all": {}} if audios is None else {"terms": {"recording": list(audios)}}
    with translated(client):
        client.indices.refresh(index=[indexes.turns, indexes.recordings])
        both = merge(
            _recordings(client, indexes.recordings, query),
            _turns(client, indexes.turns, query),
            key=lambda one: one.audio_sha256,
        )
        for _, parts in groupby(both, key=lambda one: one.audio_sha256):
            yield _joined(list(parts))


def _joined(parts: list[Found]) -> Found:
    document = next((one for one in parts if one.revision is not None), parts[0])
    turns = next((one for one in parts if one.turns), parts[0])
    return replace(document, turns=turns.turns, lowest=turns.lowest, highest=turns.highest)


def _recordings(client: Elasticsearch, alias: str, query: dict[str, Any]) -> Iterator[Found]:
    with _view(client, alias) as view:
        after = None
        while True:
            hits = client.search(
                pit=view, query=query, sort=[{"recording": "asc"}], size=PAGE, search_after=after,
                source_includes=["recording", "revision", "transcript_id", "turns"], track_total_hits=False,
            )["hits"]["hits"]  # fmt: skip
            for hit in hits:
                said = hit["_source"]
                yield Found(said["recording"], said["revision"], said.get("transcript_id"), said.get("turns"))
            if len(hits) < PAGE:
                return
            after = hits[-1]["sort"]


def _turns(client: Elasticsearch, alias: str, query: dict[str, Any]) -> Iterator[Found]:
    groups: dict[str, Any] = {"size": PAGE, "sources": [{"recording": {"terms": {"field": "recording"}}}]}
    each = {"lowest": {"min": {"field": "revision"}}, "highest": {"max": {"field": "revision"}}}
    with _view(client, alias) as view:
        while True:
            answer = client.search(
                pit=view, query=query, size=0, aggs={"recordings": {"composite": groups, "aggs": each}}
            )["aggregations"]["recordings"]
            for one in answer["buckets"]:
                lowest, highest = int(one["lowest"]["value"]), int(one["highest"]["value"])
                yield Found(one["key"]["recording"], turns=one["doc_count"], lowest=lowest, highest=highest)
            if len(answer["buckets"]) < PAGE:
                return
            groups["after"] = answer["after_key"]


@contextmanager
def _view(client: Elasticsearch, alias: str) -> Iterator[dict[str, Any]]:
    """The index as it is now, whatever is written meanwhile."""
    view = {"id": client.open_point_in_time(index=alias, keep_alive=KEEP)["id"], "keep_alive": KEEP}
    try:
        yield view
    finally:
        client.options(ignore_status=404).close_point_in_time(id=view["id"])
