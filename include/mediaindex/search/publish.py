"""Make Elasticsearch hold exactly what the catalog says of one recording: this version of it, or nothing.

Both may be repeated, killed and overtaken at any point. The recording's document says which version is due, so that a
late, older writer turns round there. For a withdrawn recording a mark without content stays in its place:
Elasticsearch itself forgets the version of a deleted document after a minute.
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

CHUNK = 1_000  # documents a request; the client also cuts at 100 MB
CONFLICT = 409
ROUNDS = 5  # of clearing away, where turns change meanwhile


def publish(client: Elasticsearch, transcript: PublishableTranscript, indexes: Places | None = None) -> int:
    """Make Elasticsearch hold exactly this version; number of turn documents written, 0 where it holds a newer one.

    Raises TransientError where Elasticsearch is away or busy, TerminalError where it refuses a document, with all the
    others written.
    """
    indexes = indexes or configured()
    name, document = recording_document(transcript)
    with translated(client):
        fresh = _write_recording(client, name, document, transcript.version, indexes)
        if fresh is None:
            return 0
        written = write_all(client, turn_actions(transcript, indexes), f"{transcript.bucket}/{transcript.key}", indexes)
        # If it was overtaken after the recording's document, it clears away its own surplus.
        newest = client.get(index=indexes.recordings, id=transcript.audio_sha256, source=False)["_version"]
        if not fresh or newest != transcript.version:
            _remove_older_turns(client, transcript.audio_sha256, newest, indexes)
    return written


def withdraw(client: Elasticsearch, audio_sha256: str, version: int, indexes: Places | None = None) -> int:
    """Take the recording out of the search, unless something newer than ``version`` is there; turns taken away.

    Raises TransientError where Elasticsearch is away or busy.
    """
    indexes = indexes or configured()
    mark = {"recording": audio_sha256, "revision": version, "withdrawn": True}
    with translated(client):
        if _write_recording(client, audio_sha256, mark, version, indexes) is None:
            return 0
        return _remove_older_turns(client, audio_sha256, version, indexes)


def remove_unknown(client: Elasticsearch, audio_sha256: str, indexes: Places | None = None) -> int:
    """Delete every document of a recording that the catalog does not know; how many."""
    indexes = indexes or configured()
    with translated(client):
        client.indices.refresh(index=[indexes.turns, indexes.recordings])
        mine = {"term": {"recording": audio_sha256}}
        # Past the alias of recordings, whose filter hides the marks of withdrawn ones.
        concrete = list(client.indices.get_alias(name=[indexes.turns, indexes.recordings]))
        answer = client.delete_by_query(index=concrete, query=mine, conflicts="proceed", refresh=True)
        return int(answer["deleted"])


def turn_actions(transcript: PublishableTranscript, indexes: Places) -> Iterator[Document]:
    """The bulk actions of the transcript's turns."""
    for name, document in turn_documents(transcript):
        yield action(indexes.turns, name, transcript.version, document)


def action(index: str, name: str, version: int, document: Document) -> Document:
    """One bulk action: write this version of the document, unless a newer one is there."""
    return {
        "_op_type": "index",
        "_index": index,
        "_id": name,
        "version": version,
        "version_type": "external_gte",
        "_source": document,
    }


def write_all(client: Elasticsearch, actions: Iterator[Document], what: str, indexes: Places) -> int:
    """Write documents by bulk; how many. ``what`` they are for names them in errors, as in ``publish``."""
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
        elif answer["status"] != CONFLICT:  # a newer version is there
            refused.append(_reason(client, answer))
    if refused:
        raise TerminalError(
            f"Elasticsearch refused {len(refused)} of {len(refused) + written} documents of {what}; "
            f"the first: {refused[0]}",
            code=ErrorCode.DOCUMENT_REFUSED,
        )
    return written


def _write_recording(
    client: Elasticsearch, name: str, document: Document, version: int, indexes: Places
) -> bool | None:
    """True where the recording is new, False where it replaced an older version, None where a newer one is there."""
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
    """Why one document was refused; raises TransientError where it may be taken later."""
    error = answer.get("error") or {}
    kind, reason = (error.get("type", ""), error.get("reason", "")) if isinstance(error, dict) else ("", str(error))
    if is_transient(answer["status"], kind):
        raise TransientError(
            f"Elasticsearch at {address(client)} is busy: {kind} {reason}", code=ErrorCode.SEARCH_UNAVAILABLE
        )
    return f"{answer.get('_id')}: {kind} {reason}"


def _remove_older_turns(client: Elasticsearch, audio_sha256: str, version: int, indexes: Places) -> int:
    """Take away turns of versions before ``version``: a new transcript may have fewer, a withdrawn one has none."""
    older = {"bool": {"filter": [{"term": {"recording": audio_sha256}}, {"range": {"revision": {"lt": version}}}]}}
    removed = 0
    for _ in range(ROUNDS):
        client.indices.refresh(index=indexes.turns)  # deletion finds only what a search would find
        answer = client.delete_by_query(index=indexes.turns, query=older, conflicts="proceed", refresh=True)
        removed += int(answer["deleted"])
        if not answer["version_conflicts"]:
            return removed
    raise TransientError(
        f"Older turns of recording {audio_sha256} keep changing in Elasticsearch at {address(client)}; try again.",
        code=ErrorCode.SEARCH_UNAVAILABLE,
    )
