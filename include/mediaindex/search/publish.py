"""Bring transcripts from the catalog's outbox into Elasticsearch, in order, until they are there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from elasticsearch import ConflictError, Elasticsearch
from elasticsearch.helpers import streaming_bulk

from mediaindex.catalog import publications
from mediaindex.errors import ConfigError, TerminalError, TransientError

from .client import address, is_transient, translated
from .documents import recording_document, turn_documents
from .names import DEFAULT, Indexes

if TYPE_CHECKING:
    from mediaindex.catalog.publications import Publication, PublishableTranscript

Catalog: TypeAlias = Any  # what catalog.connection.connect opens; its library is no business of this room
CHUNK = 1_000  # documents a request; the client also cuts at 100 MB
CONFLICT = 409


@dataclass(frozen=True, slots=True)
class PublishCounts:
    """Recordings that are in Elasticsearch now, recordings it refused (they stay due), turns written."""

    published: int = 0
    failed: int = 0
    turns: int = 0


def publish_pending(
    conn: Catalog,
    client: Elasticsearch,
    *,
    limit: int = 1_000,
    batch_id: int | None = None,
    indexes: Indexes = DEFAULT,
) -> PublishCounts:
    """Publish what the outbox holds, at most ``limit`` recordings, of one batch if given.

    A recording leaves the outbox only after Elasticsearch holds it. One that is refused is noted with the reason and
    stops no other. Raises TransientError where Elasticsearch or the catalog is away, ConfigError where nothing can be
    published at all; what was not yet published stays in the outbox.
    """
    published = failed = turns = 0
    for due in publications.pending(conn, limit, batch_id=batch_id):
        try:
            turns += _publish_one(conn, client, due, indexes)
            published += 1
        except ConfigError:
            raise  # wrong password, no indexes: this is not about the one recording
        except TerminalError as error:
            publications.mark_failed(conn, due.id, error.message)
            failed += 1
    if published:
        with translated(client):  # what we say is published can be found
            client.indices.refresh(index=[indexes.turns, indexes.recordings])
    return PublishCounts(published, failed, turns)


def _publish_one(conn: Catalog, client: Elasticsearch, due: Publication, indexes: Indexes) -> int:
    written = publish(client, publications.load_for_publication(conn, due.transcript_id), indexes)
    publications.mark_published(conn, due.id)
    return written


def publish(client: Elasticsearch, transcript: PublishableTranscript, indexes: Indexes = DEFAULT) -> int:
    """Make Elasticsearch hold exactly this version; number of turn documents written, 0 where it holds a newer one.

    May be repeated, interrupted and overtaken by a newer version at any point. Raises TransientError where
    Elasticsearch is away or busy, TerminalError where it refuses a document, with all the others written.
    """
    with translated(client):
        # The recording first: it says which version is due, so that a late, older publisher turns round here …
        fresh = _write_recording(client, transcript, indexes)
        if fresh is None:
            return 0
        written = _write_turns(client, transcript, indexes)
        # … or, if it was overtaken after this point, clears away its own surplus.
        newest = client.get(index=indexes.recordings, id=transcript.audio_sha256, source=False)["_version"]
        if not fresh or newest != transcript.version:
            _remove_older_turns(client, transcript.audio_sha256, newest, indexes)
    return written


def _write_recording(client: Elasticsearch, transcript: PublishableTranscript, indexes: Indexes) -> bool | None:
    """True where the recording is new, False where it replaced an older version, None where a newer one is there."""
    name, document = recording_document(transcript)
    try:
        answer = client.index(
            index=indexes.recordings,
            id=name,
            document=document,
            version=transcript.version,
            version_type="external_gte",
            require_alias=True,
        )
    except ConflictError:
        return None
    return bool(answer["result"] == "created")


def _write_turns(client: Elasticsearch, transcript: PublishableTranscript, indexes: Indexes) -> int:
    written = 0
    refused: list[str] = []
    results = streaming_bulk(
        client,
        _actions(transcript, indexes),
        chunk_size=CHUNK,
        max_retries=3,
        initial_backoff=1,
        raise_on_error=False,
        require_alias=True,
    )
    for ok, item in results:
        answer = item["index"]
        if ok:
            written += 1
        elif answer["status"] != CONFLICT:  # a newer version of this turn is there
            refused.append(_reason(client, answer))
    if refused:
        raise TerminalError(
            f"Elasticsearch refused {len(refused)} of {len(transcript.turns)} turns of "
            f"{transcript.bucket}/{transcript.key}; the first: {refused[0]}",
            code="document_refused",
        )
    return written


def _actions(transcript: PublishableTranscript, indexes: Indexes) -> Iterator[dict[str, Any]]:
    for name, document in turn_documents(transcript):
        yield {
            "_op_type": "index",
            "_index": indexes.turns,
            "_id": name,
            "version": transcript.version,
            "version_type": "external_gte",
            "_source": document,
        }


def _reason(client: Elasticsearch, answer: dict[str, Any]) -> str:
    """Why one document was refused; raises TransientError where it may be taken later."""
    error = answer.get("error") or {}
    kind, reason = (error.get("type", ""), error.get("reason", "")) if isinstance(error, dict) else ("", str(error))
    if is_transient(answer["status"], kind):
        raise TransientError(f"Elasticsearch at {address(client)} is busy: {kind} {reason}", code="search_unavailable")
    return f"{answer.get('_id')}: {kind} {reason}"


def _remove_older_turns(client: Elasticsearch, audio_sha256: str, version: int, indexes: Indexes) -> None:
    """Take away turns of versions before ``version``: a new transcript may have fewer."""
    client.indices.refresh(index=indexes.turns)  # deletion finds only what a search would find
    client.delete_by_query(
        index=indexes.turns,
        query={"bool": {"filter": [{"term": {"recording": audio_sha256}}, {"range": {"revision": {"lt": version}}}]}},
        conflicts="proceed",  # a turn that changed meanwhile is of a newer version
        refresh=True,
    )
