"""Read what Elasticsearch has of each recording, in order of the recordings, for any number of them."""

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
KEEP = "5m"  # how long Elasticsearch keeps the point in time between two pages


@dataclass(frozen=True, slots=True)
class IndexedRecording:
    """The documents of one recording.

    ``revision``, ``transcript_id`` and ``stated_turns`` come from the recording's document, None if it is missing.
    ``turns``: number of turn documents, with revisions from ``lowest`` to ``highest``.
    """

    audio_sha256: str
    revision: int | None = None
    transcript_id: int | None = None
    stated_turns: int | None = None
    turns: int = 0
    lowest: int | None = None
    highest: int | None = None


def contents(
    client: Elasticsearch, indexes: Indexes | None = None, audios: Sequence[str] | None = None
) -> Iterator[IndexedRecording]:
    """Every recording that has a document, or those of ``audios``; tombstones of withdrawn recordings do not count.

    Raises TransientError if Elasticsearch is unavailable.
    """
    indexes = indexes or configured()
    query = {"match_all": {}} if audios is None else {"terms": {"recording": list(audios)}}
    with translated(client):
        client.indices.refresh(index=[indexes.turns, indexes.recordings])
        both = merge(
            _recordings(client, indexes.recordings, query),
            _turns(client, indexes.turns, query),
            key=lambda part: part.audio_sha256,
        )
        for _, parts in groupby(both, key=lambda part: part.audio_sha256):
            yield _joined(list(parts))


def _joined(parts: list[IndexedRecording]) -> IndexedRecording:
    document = next((part for part in parts if part.revision is not None), parts[0])
    turns = next((part for part in parts if part.turns), parts[0])
    return replace(document, turns=turns.turns, lowest=turns.lowest, highest=turns.highest)


def _recordings(client: Elasticsearch, alias: str, query: dict[str, Any]) -> Iterator[IndexedRecording]:
    with _view(client, alias) as view:
        after = None
        while True:
            hits = client.search(
                pit=view, query=query, sort=[{"recording": "asc"}], size=PAGE, search_after=after,
                source_includes=["recording", "revision", "transcript_id", "turns"], track_total_hits=False,
            )["hits"]["hits"]  # fmt: skip
            for hit in hits:
                document = hit["_source"]
                yield IndexedRecording(
                    document["recording"], document["revision"], document.get("transcript_id"), document.get("turns")
                )
            if len(hits) < PAGE:
                return
            after = hits[-1]["sort"]


def _turns(client: Elasticsearch, alias: str, query: dict[str, Any]) -> Iterator[IndexedRecording]:
    groups: dict[str, Any] = {"size": PAGE, "sources": [{"recording": {"terms": {"field": "recording"}}}]}
    revisions = {"lowest": {"min": {"field": "revision"}}, "highest": {"max": {"field": "revision"}}}
    with _view(client, alias) as view:
        while True:
            answer = client.search(
                pit=view, query=query, size=0, aggs={"recordings": {"composite": groups, "aggs": revisions}}
            )["aggregations"]["recordings"]
            for group in answer["buckets"]:
                lowest, highest = int(group["lowest"]["value"]), int(group["highest"]["value"])
                yield IndexedRecording(
                    group["key"]["recording"], turns=group["doc_count"], lowest=lowest, highest=highest
                )
            if len(answer["buckets"]) < PAGE:
                return
            groups["after"] = answer["after_key"]


@contextmanager
def _view(client: Elasticsearch, alias: str) -> Iterator[dict[str, Any]]:
    """A point in time of the index, which later writes do not change."""
    view = {"id": client.open_point_in_time(index=alias, keep_alive=KEEP)["id"], "keep_alive": KEEP}
    try:
        yield view
    finally:
        client.options(ignore_status=404).close_point_in_time(id=view["id"])
