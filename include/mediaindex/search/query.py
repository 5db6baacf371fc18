"""Search for spoken words. The input is text, never query syntax, except for "quoted phrases"."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from elasticsearch import Elasticsearch

from mediaindex.errors import ErrorCode, TerminalError
from mediaindex.timeline.scripts import tokens

from .client import translated
from .documents import at_second
from .matches import Piece, best_match, read_marks, start_of
from .names import Indexes, configured

LONGEST_QUERY = 1_000  # characters; Elasticsearch refuses a few thousand terms
MOST_HITS = 1_000  # per page
HIGHLIGHTED = 1_000_000  # characters of a turn: the limit of Elasticsearch; a later match has the start of the turn
SORT = [{"_score": "desc"}, {"published_at": "desc"}, {"recording": "asc"}, {"turn": "asc"}]


@dataclass(frozen=True, slots=True)
class Filters:
    """All fields that are set must match. ``since``: recordings published at this time or later."""

    source: str | None = None
    speaker: str | None = None
    language: str | None = None
    since: datetime | None = None
    needs_review: bool | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A turn that contains the words.

    ``start`` and ``end`` of the turn and ``start_of_match`` are in seconds on the source's clock.
    ``highlight``: the text around the match, in pieces of plain text. ``cursor``: pass it as ``after`` for the next
    page.
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
    """Turns with all the words, best first; with ``phrase`` next to each other in this order.

    Raises TerminalError if the query has no words or is too long, TransientError if Elasticsearch is unavailable.
    """
    text = _checked(words)
    opening, closing = (f"<{secrets.token_hex(8)}>" for _ in range(2))  # random, so that no text contains them
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
    return [_hit(entry, opening, closing) for entry in answer["hits"]["hits"]]


def _checked(words: str) -> str:
    text = words.encode("utf-8", "replace").decode().replace("\0", " ").strip()
    if not any(character.isalnum() for character in text):
        raise TerminalError("The query is empty: give at least one word.", code=ErrorCode.EMPTY_QUERY)
    if len(text) > LONGEST_QUERY:
        raise TerminalError(
            f"The query has {len(text)} characters: shorten it to {LONGEST_QUERY}.", code=ErrorCode.QUERY_TOO_LONG
        )
    return text


def _query(text: str, phrase: bool) -> dict[str, Any]:
    # Exact words count more than words of the same stem.
    fields = ["text^2", "spoken^2", "stemmed.*"]
    if phrase:
        return {"multi_match": {"query": text, "fields": fields, "type": "phrase"}}
    # With PHRASE alone, quotes are the only syntax; wildcards, minus and regular expressions are plain text.
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
        "number_of_fragments": 0,  # the whole turn: the marks give the words, and the words their seconds
        "pre_tags": [opening],
        "post_tags": [closing],
        "max_analyzed_offset": HIGHLIGHTED,
    }


def _hit(entry: Mapping[str, Any], opening: str, closing: str) -> Hit:
    document = entry["_source"]
    text, starts, ranges = _matched(document, entry.get("highlight", {}), opening, closing)
    match = best_match(text, ranges)
    start = start_of(match.word, document["start"], starts, len(tokens(text)))
    return Hit(
        **{name: document[name] for name in ("recording", "title", "key", "source", "turn", "speaker", "language")},
        start=document["start"],
        end=document["end"],
        start_of_match=start,
        text=document["text"],
        highlight=match.pieces,
        score=float(entry["sort"][0]),
        link=at_second(document["link"], start),
        needs_review=document["needs_review"],
        cursor=tuple(entry["sort"]),
    )


def _matched(
    document: Mapping[str, Any], highlight: Mapping[str, list[str]], opening: str, closing: str
) -> tuple[str, Sequence[float], list[tuple[int, int]]]:
    """The written or spoken text, whichever has more marks; the starts of its words in seconds; the marked ranges."""
    text = document["text"]
    written_marks = {field: fragments for field, fragments in highlight.items() if field != "spoken"}
    in_text = _ranges(written_marks, text, opening, closing)
    spoken = document.get("spoken", "")
    in_spoken = _ranges({"spoken": highlight.get("spoken", [])}, spoken, opening, closing)
    if len(in_spoken) > len(in_text):
        return spoken, document["spoken_starts"], in_spoken
    return text, document["word_starts"], in_text


def _ranges(highlight: Mapping[str, list[str]], text: str, opening: str, closing: str) -> list[tuple[int, int]]:
    """Marked ranges of the field with the most marks: exact and stemmed fields have the same text."""
    best: list[tuple[int, int]] = []
    for fragments in highlight.values():
        plain, ranges = read_marks("".join(fragments), opening, closing)
        if text.startswith(plain) and len(ranges) > len(best):
            best = ranges
    return best
