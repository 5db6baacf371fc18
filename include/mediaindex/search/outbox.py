"""Publish the catalog's outbox to Elasticsearch, in order."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from elasticsearch import Elasticsearch

from mediaindex.catalog.batches.retry_policy import RetryPolicy
from mediaindex.catalog.transcripts import publications, publishing_locks
from mediaindex.errors import ConfigError, ErrorCode, TerminalError, TransientError

from .client import translated
from .names import Indexes, configured
from .publish import publish, withdraw

if TYPE_CHECKING:
    from mediaindex.catalog import Connection
    from mediaindex.catalog.transcripts.publications import Publication

# A refusal needs a correction by an operator (a new template, a rebuild), so it is retried forever, at last hourly.
RETRIES = RetryPolicy(first_wait_s=60.0, longest_wait_s=3600.0)
MOST_BUSY = 5  # recordings in a row that Elasticsearch is too busy for, after which the rest is skipped


@dataclass(frozen=True, slots=True)
class PublishCounts:
    """Recordings published and withdrawn, recordings refused (they stay due), turns written.

    Withdrawals count as ``published`` too.
    """

    published: int = 0
    failed: int = 0
    turns: int = 0
    withdrawn: int = 0

    def __add__(self, other: PublishCounts) -> PublishCounts:
        return PublishCounts(
            self.published + other.published,
            self.failed + other.failed,
            self.turns + other.turns,
            self.withdrawn + other.withdrawn,
        )


@dataclass(slots=True)
class _Round:
    """The progress of one call of ``publish_pending``."""

    counts: PublishCounts = field(default_factory=PublishCounts)
    busy: list[TransientError] = field(default_factory=list)
    busy_in_a_row: int = 0


def publish_pending(
    conn: Connection,
    client: Elasticsearch,
    *,
    limit: int = 1_000,
    batch_id: int | None = None,
    audios: Sequence[str] | None = None,
    indexes: Indexes | None = None,
    retries: RetryPolicy = RETRIES,
) -> PublishCounts:
    """Publish at most ``limit`` due recordings, only those of one batch or of ``audios`` if given.

    A recording leaves the outbox only after Elasticsearch has it. If Elasticsearch refuses a recording or is too busy
    for it, the reason is recorded, it waits longer each time, and the others are published. Raises TransientError if
    Elasticsearch or the catalog is unavailable, or (after all others) was too busy for some recordings; ConfigError
    if nothing can be published at all. What was not published stays in the outbox.
    """
    indexes = indexes or configured()
    done = _Round()
    for due in publications.pending(conn, limit, batch_id=batch_id, audios=audios):
        try:
            done.counts += _publish_one(conn, client, due, indexes)
            done.busy_in_a_row = 0
        except ConfigError:
            raise  # wrong password or missing indexes: this concerns all recordings
        except TerminalError as error:
            publications.mark_failed(conn, due.id, error.message, _wait(retries, due))
            done.counts += PublishCounts(failed=1)
        except TransientError as error:
            _note_busy(conn, client, due, error, done, retries)
            if done.busy_in_a_row >= MOST_BUSY:
                break
    if done.counts.published:
        with translated(client):  # so that a search finds what is reported as published
            client.indices.refresh(index=[indexes.turns, indexes.recordings])
    if done.busy:
        raise done.busy[0]
    return done.counts


def _publish_one(conn: Connection, client: Elasticsearch, due: Publication, indexes: Indexes) -> PublishCounts:
    with publishing_locks.publishing(conn, due.audio_sha256) as locked:
        if not locked or not publications.is_due(conn, due.id):
            return PublishCounts()  # another publisher has the lock, or a newer publication is due
        if due.transcript_id is None:
            withdraw(client, due.audio_sha256, due.id, indexes)
            counts = PublishCounts(published=1, withdrawn=1)
        else:
            transcript = publications.load_for_publication(conn, due.transcript_id)
            counts = PublishCounts(published=1, turns=publish(client, transcript, indexes))
        publications.mark_published(conn, due.id)
        return counts


def _note_busy(
    conn: Connection, client: Elasticsearch, due: Publication, error: TransientError, done: _Round, retries: RetryPolicy
) -> None:
    """Defer a recording that always times out, so that it does not block the others. Raises ``error`` in an outage."""
    if error.code != ErrorCode.SEARCH_UNAVAILABLE or not client.ping():
        raise error
    publications.mark_failed(conn, due.id, error.message, _wait(retries, due))
    done.busy.append(error)
    done.busy_in_a_row += 1


def _wait(retries: RetryPolicy, due: Publication) -> float:
    return retries.wait_s(due.attempts + 1, random.random())  # noqa: S311  # spreads load, guards nothing
