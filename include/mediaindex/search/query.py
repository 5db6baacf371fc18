"""Find the second somebody said something. What people type is data, never query syntax (but for "quoted phrases")."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from elasticsearch import Elasticsearch

from mediaindex.errors import ErrorCode, TerminalError

from .client import translated
from .documents import at_second
from .matches import Piece, best_match, read_marks, start_of
from .names import Indexes, configured

LONGEST_QUERY = 1_000  # characters; more is no search, and Elasticsearch refuses a few thousand terms
MOST_HITS = 1_000  # a page
HIGHLIGHTED = 1_000_000  # characters of a turn: Elasticsearch's own limit; beyond it a match has the turn's start
SORT = [{"_score": "desc"}, {"published_at": "desc"}, {"recording": "asc"}, {"turn": "asc"}]


@dataclass(frozen=True, slots=True)
class Filters:
    """Every field that is set must hold. ``since``: recordings published at this moment or later."""

    source: str | None = None
    speaker: str | None = None
    language: str | None = None
    since: datetime | None = None
    needs_review: bool | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A turn in which the words were said.

    ``start`` and ``end`` bound the turn, ``start_of_match`` is where to listen: seconds on the source's clock.
    ``highlight``: the text around the match, in pieces of plain text. ``cursor``: give it as ``after`` to read on.
    """

    recording: str
    title: str
    key: str
    source: str
    turn: int
    speaker: str
    language: str
    start: float
    end: float
    start_of_match: float
    text: str
    highlight: tuple[Piece, ...]
    score: float
    link: str
    needs_review: bool
    cursor: tuple[Any, ...]


def search(
    client: Elasticsearch,
    words: str,
    *,
    filters: Filters | None = None,
    phrase: bool = False,
    limit: int = 10,
    after: Sequence[Any] | None = None,
    indexes: Indexes | None = None,
) -> list[Hit]:
    """Turns with all the words, best first; ``phrase``: side by side, in this order.

    Raises TerminalError for a query without words or too long, TransientError where Elasticsearch is away.
    """
    text = _checked(words)
    opening, closing = (f"<{secrets.token_hex(8)}>" for _ in range(2))  # nobody can have said these
    with translated(client):
        answer = client.search(
            index=(indexes or configured()).turns,
            query={"bool": {"must": _query(text, phrase), "filter": _filters(filters or Filters())}},
            highlight=_highlight(opening, closing),
            sort=SORT,
            size=max(1, min(limit, MOST_HITS)),
            search_after=list(after) if after else None,
            track_total_hits=False,
        )
    return [_hit(found, opening, closing) for found in answer["hits"]["hits"]]


def _checked(words: str) -> str:
    text = words.encode("utf-8", "replace").decode().replace("\0", " ").strip()
    if not any(character.isalnum() for character in text):
        raise TerminalError("Nothing to search for: give at least one word.", code=ErrorCode.EMPTY_QUERY)
    if len(text) > LONGEST_QUERY:
        raise TerminalError(
            f"The query has {len(text)} characters: search for at most {LONGEST_QUERY}.", code=ErrorCode.QUERY_TOO_LONG
        )
    return text


def _query(text: str, phrase: bool) -> dict[str, Any]:
    # As it was said counts more than a word of the same stem.
    fields = ["text^2", "spoken^2", "stemmed.*"]
    if phrase:
        return {"multi_match": {"query": text, "fields": fields, "type": "phrase"}}
    # With PHRASE alone, quotes are the only syntax; wildcards, minus, regular expressions are letters like any other.
    return {"simple_query_string": {"query": text, "fields": fields, "flags": "PHRASE", "default_operator": "and"}}


def _filters(filters: Filters) -> list[dict[str, Any]]:
    terms = {
        "source": filters.source,
        "speaker": filters.speaker,
        "language": filters.language,
        "needs_review": filters.needs_review,
    }
    clauses: list[dict[str, Any]] = [{"term": {field: value}} for field, value in terms.items() if value is not None]
    if filters.since is not None:
        clauses.append({"range": {"published_at": {"gte": filters.since.isoformat()}}})
    return clauses


def _highlight(opening: str, closing: str) -> dict[str, Any]:
    return {
        "type": "unified",
        "fields": {"text": {}, "stemmed.*": {}, "spoken": {}},
        "number_of_fragments": 0,  # the whole turn: the marks lead to the word, and the word to its second
        "pre_tags": [opening],
        "post_tags": [closing],
        "max_analyzed_offset": HIGHLIGHTED,
    }


def _hit(found: Mapping[str, Any], opening: str, closing: str) -> Hit:
    document = found["_source"]
    text, starts, ranges = _matched(document, found.get("highlight", {}), opening, closing)
    match = best_match(text, ranges)
    start = start_of(match.word, document["start"], starts, len(text.split()))
    return Hit(
        **{name: document[name] for name in ("recording", "title", "key", "source", "turn", "speaker", "language")},
        start=document["start"],
        end=document["end"],
        start_of_match=start,
        text=document["text"],
        highlight=match.pieces,
        score=float(found["sort"][0]),
        link=at_second(document["link"], start),
        needs_review=document["needs_review"],
        cursor=tuple(found["sort"]),
    )


def _matched(
    document: Mapping[str, Any], highlight: Mapping[str, list[str]], opening: str, closing: str
) -> tuple[str, Sequence[float], list[tuple[int, int]]]:
    """The text in which most was marked (as people read it, or as it was said), when its words begin, and the marks."""
    text = document["text"]
    read = _ranges({field: marked for field, marked in highlight.items() if field != "spoken"}, text, opening, closing)
    spoken = document.get("spoken", "")
    said = _ranges({"spoken": highlight.get("spoken", [])}, spoken, opening, closing)
    if len(said) > len(read):
        return spoken, document["spoken_starts"], said
    return text, document["word_starts"], read


def _ranges(highlight: Mapping[str, list[str]], text: str, opening: str, closing: str) -> list[tuple[int, int]]:
    """Marked characters of the field that was marked most: exact and stemmed text are the same text."""
    best: list[tuple[int, int]] = []
    for fragments in highlight.values():
        plain, ranges = read_marks("".join(fragments), opening, closing)
        if text.startswith(plain) and len(ranges) > len(best):
            best = ranges
    return best
