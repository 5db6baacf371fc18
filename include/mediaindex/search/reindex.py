"""Rebuild both indexes from the catalog and switch to them without an interruption of searches.

Publishers continue to write to the current indexes. At the end they are blocked shortly, while the new indexes catch up
with the publications since the start and take over the aliases. A killed rebuild is resumed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING, Any

from elasticsearch import Elasticsearch

from mediaindex.catalog.base.connection import clock
from mediaindex.catalog.transcripts import publications, publishing_locks
from mediaindex.errors import ErrorCode, TerminalError

from . import new_indexes
from .client import translated
from .documents import recording_document
from .names import Concrete, Indexes, configured
from .new_indexes import Unfinished
from .publish import action, publish, turn_actions, withdraw, write_all
from .setup import prepare

if TYPE_CHECKING:
    from mediaindex.catalog import Connection
    from mediaindex.catalog.transcripts.publications import DesiredState, PublishableTranscript

PAGE = 100  # recordings per page and progress report
LINGER = 10.0  # seconds that the old indexes stay after the switch, for running searches

Progress = Callable[[int, int], None]  # recordings written, recordings in all


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """The new indexes, the numbers of recordings and turns written, and of recordings written before a resume."""

    indexes: Concrete
    recordings: int
    turns: int
    resumed_after: int


def reindex(
    conn: Connection,
    client: Elasticsearch,
    indexes: Indexes | None = None,
    *,
    progress: Progress = lambda _done, _all: None,
    fresh: bool = False,
    linger: float = LINGER,
) -> Rebuilt:
    """Fill new indexes from the catalog, switch both aliases at once, delete the old indexes.

    Searches and publications continue meanwhile. A killed rebuild is resumed; with ``fresh`` it starts again. Raises
    TransientError if a server is unavailable, TerminalError ``reindex_running`` or ``document_refused``; the old
    indexes then stay in use.
    """
    indexes = indexes or configured()
    prepare(client, indexes)
    with publishing_locks.rebuilding(conn), translated(client):
        begun = None if fresh else new_indexes.unfinished(client, indexes)
        if begun is None:
            new_indexes.drop_unused(client, indexes)
            begun = new_indexes.create(client, indexes, clock(conn))
        written = _fill(conn, client, begun, progress)
        _catch_up_and_switch(conn, client, indexes, begun)
        time.sleep(linger)
        new_indexes.drop_unused(client, indexes)
    return Rebuilt(begun.into, *written, begun.done)


def _fill(conn: Connection, client: Elasticsearch, begun: Unfinished, progress: Progress) -> tuple[int, int]:
    """Write every current transcript that is not yet written; numbers of recordings and turns."""
    after, recordings, turns = begun.last, begun.done, 0
    progress(recordings, publications.count_current(conn))
    while page := publications.current(conn, after, PAGE):
        transcripts = list(_transcripts(conn, page))
        # Turns first: a resumed rebuild continues after the last recording document.
        actions = chain.from_iterable(turn_actions(transcript, begun.into) for transcript in transcripts)
        turns += _write(client, actions, transcripts, begun)
        _write(client, _recording_actions(transcripts, begun.into), transcripts, begun)
        after, recordings = page[-1].audio_sha256, recordings + len(page)
        progress(recordings, max(recordings, publications.count_current(conn)))
    return recordings - begun.done, turns


def _transcripts(conn: Connection, page: Iterable[DesiredState]) -> Iterator[PublishableTranscript]:
    for settled in page:
        try:
            yield publications.load_for_publication(conn, settled.transcript_id or 0)
        except TerminalError as error:
            if error.code != ErrorCode.UNKNOWN_TRANSCRIPT:  # erased after the page was read
                raise


def _recording_actions(transcripts: Iterable[PublishableTranscript], into: Concrete) -> Iterator[dict[str, Any]]:
    for transcript in transcripts:
        yield action(into.recordings, *_with_version(transcript))


def _with_version(transcript: PublishableTranscript) -> tuple[str, int, dict[str, Any]]:
    name, document = recording_document(transcript)
    return name, transcript.version, document


def _write(
    client: Elasticsearch,
    actions: Iterator[dict[str, Any]],
    transcripts: list[PublishableTranscript],
    begun: Unfinished,
) -> int:
    if not transcripts:
        return 0
    span = f"recordings {transcripts[0].audio_sha256} to {transcripts[-1].audio_sha256}"
    return write_all(client, actions, span, begun.into)


def _catch_up_and_switch(conn: Connection, client: Elasticsearch, indexes: Indexes, begun: Unfinished) -> None:
    """Write what was published since the rebuild started: most of it first, the rest while publishers are blocked."""
    since = clock(conn)
    _write_settled(conn, client, begun.into, begun.since)
    with publishing_locks.publishing_blocked(conn):
        _write_settled(conn, client, begun.into, since)
        new_indexes.take_over(client, indexes, begun.into)


def _write_settled(conn: Connection, client: Elasticsearch, into: Concrete, since: datetime) -> None:
    for settled in publications.settled_since(conn, since):
        transcript = next(_transcripts(conn, [settled]), None) if settled.transcript_id else None
        if transcript is None:
            withdraw(client, settled.audio_sha256, settled.version, into)
        else:
            publish(client, transcript, into)
