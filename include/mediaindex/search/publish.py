"""Write one version of a recording to Elasticsearch, or withdraw it.

Both may be repeated, killed and overtaken at any point. The recording's document holds the current version, so that a
late writer of an older version stops there. A withdrawn recording keeps a tombstone without content, because
Elasticsearch forgets the version of a deleted document after a minute.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from elasticsearch import ConflictError, Elasticsearch
from elasticsearch.helpers import streaming_bulk

from mediaindex.errors import ErrorCode, TerminalError, TransientError

from .client import address, is_transient, translated
from .documents import Document, recording_document, turn_documents
from .names import Places, configured

if TYPE_CHECKING:
    from mediaindex.catalog.transcripts.publications import PublishableTranscript

CHUNK = 1_000  # documents per request; the client also splits at 100 MB
CONFLICT = 409
ROUNDS = 5  # attempts to delete older turns while other writers change them


def publish(client: Elasticsearch, transcript: PublishableTranscript, indexes: Places | None = None) -> int:
    """Write this version of the recording; number of turn documents written, 0 if Elasticsearch has a newer version.

    Raises TransientError if Elasticsearch is unavailable or busy, TerminalError if it refuses a document, after all
    others are written.
    """
    indexes = indexes or configured()
    name, document = recording_document(transcript)
    with translated(client):
        fresh = _write_recording(client, name, document, transcript.version, indexes)
        if fresh is None:
            return 0
        written = write_all(client, turn_actions(transcript, indexes), f"{transcript.bucket}/{transcript.key}", indexes)
        # If a newer writer overtook this one, this one deletes its own surplus turns.
        newest = client.get(index=indexes.recordings, id=transcript.audio_sha256, source=False)["_version"]
        if not fresh or newest != transcript.version:
            _remove_older_turns(client, transcript.audio_sha256, newest, indexes)
    return written


def withdraw(client: Elasticsearch, audio_sha256: str, version: int, indexes: Places | None = None) -> int:
    """Withdraw the recording unless Elasticsearch has a version newer than ``version``; number of turns deleted.

    Raises TransientError if Elasticsearch is unavailable or busy.
    """
    indexes = indexes or configured()
    tombstone = {"recording": audio_sha256, "revision": version, "withdrawn": True}
    with translated(client):
        if _write_recording(client, audio_sha256, tombstone, version, indexes) is None:
            return 0
        return _remove_older_turns(client, audio_sha256, version, indexes)


def remove_unknown(client: Elasticsearch, audio_sha256: str, indexes: Places | None = None) -> int:
    """Delete every document of a recording that the catalog does not have; how many."""
    indexes = indexes or configured()
    with translated(client):
        client.indices.refresh(index=[indexes.turns, indexes.recordings])
        of_recording = {"term": {"recording": audio_sha256}}
        # The concrete indexes, because the filter of the alias hides tombstones.
        concrete = list(client.indices.get_alias(name=[indexes.turns, indexes.recordings]))
        answer = client.delete_by_query(index=concrete, query=of_recording, conflicts="proceed", refresh=True)
        return int(answer["deleted"])


def turn_actions(transcript: PublishableTranscript, indexes: Places) -> Iterator[Document]:
    """The bulk actions of the transcript's turns."""
    for name, document in turn_documents(transcript):
        yield action(indexes.turns, name, transcript.version, document)


def action(index: str, name: str, version: int, document: Document) -> Document:
    """One bulk action: write this version of the document, unless a newer one exists."""
    return {
        "_op_type": "index",
        "_index": index,
        "_id": name,
        "version": version,
        "version_type": "external_gte",
        "_source": document,
    }


def write_all(client: Elasticsearch, actions: Iterator[Document], what: str, indexes: Places) -> int:
    """Write documents in bulk; how many. ``what`` names them in messages. Raises like ``publish``."""
    written, refused = 0, []
    results = streaming_bulk(
        client,
        actions,
        chunk_size=CHUNK,
        max_retries=3,
        initial_backoff=1,
        raise_on_error=False,
        require_alias=indexes.through_alias,
    )
    for ok, item in results:
        answer = item["index"]
        if ok:
            written += 1
        elif answer["status"] != CONFLICT:  # a newer version exists
            refused.append(_reason(client, answer))
    if refused:
        raise TerminalError(
            f"Elasticsearch refused {len(refused)} of {len(refused) + written} documents of {what}; "
            f"the first: {refused[0]}. Correct the cause or run mediaindex reindex; it is tried again.",
            code=ErrorCode.DOCUMENT_REFUSED,
        )
    return written


def _write_recording(
    client: Elasticsearch, name: str, document: Document, version: int, indexes: Places
) -> bool | None:
    """True if the recording is new, False if it replaced an older version, None if a newer one exists."""
    try:
        answer = client.index(
            index=indexes.recordings,
            id=name,
            document=document,
            version=version,
            version_type="external_gte",
            require_alias=indexes.through_alias,
        )
    except ConflictError:
        return None
    return bool(answer["result"] == "created")


def _reason(client: Elasticsearch, answer: dict[str, Any]) -> str:
    """Why one document was refused. Raises TransientError if a retry may succeed."""
    error = answer.get("error") or {}
    kind, reason = (error.get("type", ""), error.get("reason", "")) if isinstance(error, dict) else ("", str(error))
    if is_transient(answer["status"], kind):
        raise TransientError(
            f"Elasticsearch at {address(client)} is busy: {kind} {reason}", code=ErrorCode.SEARCH_UNAVAILABLE
        )
    return f"{answer.get('_id')}: {kind} {reason}"


def _remove_older_turns(client: Elasticsearch, audio_sha256: str, version: int, indexes: Places) -> int:
    """Delete turns of versions before ``version``: a new transcript may have fewer, a withdrawn one has none."""
    older = {"bool": {"filter": [{"term": {"recording": audio_sha256}}, {"range": {"revision": {"lt": version}}}]}}
    removed = 0
    for _ in range(ROUNDS):
        client.indices.refresh(index=indexes.turns)  # delete_by_query finds only what a search finds
        answer = client.delete_by_query(index=indexes.turns, query=older, conflicts="proceed", refresh=True)
        removed += int(answer["deleted"])
        if not answer["version_conflicts"]:
            return removed
    raise TransientError(
        f"Older turns of recording {audio_sha256} keep changing in Elasticsearch at {address(client)}; try again.",
        code=ErrorCode.SEARCH_UNAVAILABLE,
    )
