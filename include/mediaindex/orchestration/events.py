"""The tasks of ``receive_events``: write announced uploads into the same ledger that listings fill.

A message only names an object. Its present version is read from S3, so messages may come twice, late, in any order or
from an untrusted sender. They are deleted from the queue once the ledger has what they announced; until then SQS
delivers them again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mediaindex.catalog.base.connection import connect
from mediaindex.catalog.ledger import discovery, hearing
from mediaindex.config.sources import Configuration, Source
from mediaindex.contract.states import SeenBy
from mediaindex.errors import ConfigError, ErrorCode, MediaindexError
from mediaindex.printable import logger, printable
from mediaindex.settings import ServerSettings
from mediaindex.storage.announcements import Announcement, understand
from mediaindex.storage.queue import Message

from . import absent_sources, connections
from .arrivals import LOOKS_AT_ONCE, Arrivals
from .batch_job import use_s3_environment
from .defaults import EVENTS_HIDDEN_SECONDS
from .discovery import await_settling
from .starting import plan

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from mediaindex.catalog import Connection
    from mediaindex.storage.looks import Inspection

log = logger(__name__)

# Errors that concern the bucket of a source; the sources in other buckets go on.
_OF_S3 = frozenset(code for code in ErrorCode if code.startswith("s3_")) | {ErrorCode.NO_BUCKET}
MOST = 1_000  # messages that a run takes from a queue in addition to those that started it


@dataclass(frozen=True, slots=True)
class Received:
    """What a run did with its messages; ``sources``: names of sources with recordings to plan.

    ``failed``: the sources whose announcements could not be processed, and unreadable queues, with their errors.
    ``kept``: their messages, which stay in the queue.
    """

    claimed: int
    gone: int
    rejected: int
    sources: tuple[str, ...]
    failed: Mapping[str, MediaindexError] = field(default_factory=dict)
    kept: frozenset[Message] = frozenset()


def of_run(asset_events: Mapping[Any, Sequence[Any]]) -> dict[str, list[Message]]:
    """The messages of all events that started a run, by queue. A run may have many events."""
    messages: dict[str, list[Message]] = defaultdict(list)
    for asset, events in asset_events.items():
        for event in events:
            extra = event.extra if isinstance(event.extra, dict) else {}
            payload = extra.get("payload")
            batch = payload.get("message_batch") if isinstance(payload, dict) else None
            for fields in batch if isinstance(batch, list) else ():
                if isinstance(fields, dict):
                    message = Message(str(fields.get("Body", "")), str(fields.get("ReceiptHandle", "")))
                    messages[str(asset.name)].append(message)
    return messages


def receive(configuration: Configuration, given: Mapping[str, Sequence[Message]]) -> Received:
    """Claim and plan what messages announce: those ``given``, by queue address, and those waiting in the queues.

    Raises the error of a queue, or of a source whose bucket cannot be read, after the others are done.
    """
    from mediaindex.storage import queue
    from mediaindex.storage.client import s3_client

    variables = connections.sqs_environment()
    sqs = queue.sqs_client(variables, ServerSettings.read(variables).sqs_endpoint_url)
    use_s3_environment()  # afterwards: the client of the queues must not find the credentials of S3
    every: list[Received] = []
    with connect(connections.database_url()) as conn:
        for address in configuration.queues:
            try:
                waiting = _waiting(sqs, address)
            except ConfigError as error:  # of this queue alone: it does not exist, or refuses access
                log.error("%s; the other queues are received", error)  # noqa: TRY400
                every.append(Received(0, 0, 0, (), {address: error}))
                waiting = []
            messages = [*given.get(address, ()), *waiting]
            done = take(conn, s3_client(), configuration, messages)
            processed = [message for message in messages if message.receipt and message not in done.kept]
            if processed:
                queue.delete(sqs, address, processed)
            every.append(done)
        touched = {name for done in every for name in done.sources}
        for name in touched:
            source = configuration.source(name)
            plan(conn, source, source.lane)
    totals = [sum(column) for column in zip(*((done.claimed, done.gone, done.rejected) for done in every), strict=True)]
    claimed, gone, rejected = totals or (0, 0, 0)
    log.info("events: %d objects claimed, %d gone, %d messages rejected", claimed, gone, rejected)
    if errors := [error for done in every for error in done.failed.values()]:
        raise errors[0]
    in_order = sorted(touched, key=lambda name: (-configuration.source(name).priority, name))
    return Received(claimed, gone, rejected, tuple(in_order))


def take(conn: Connection, client: S3Client, configuration: Configuration, messages: Sequence[Message]) -> Received:
    """Write what the messages announce into the ledger.

    A source whose bucket cannot be read does not hold up the others. Raises its error if no source can be read.
    """
    contents = [(message, understand(message.body)) for message in messages]
    rejected = [reason for _, content in contents for reason in content.rejected]
    for reason in rejected:
        log.warning("dropped a message that is not an announcement: %s", printable(reason))
    announced = {_place(one): one for _, content in contents for one in content.announcements}
    by_source, others = _by_source(configuration, announced.values())
    absent_sources.keep(conn, client, others)
    claimed = gone = 0
    failed: dict[str, MediaindexError] = {}
    for source, announcements in by_source:
        try:
            new, left = _take_of(conn, client, source, announcements)
        except MediaindexError as error:
            if error.code not in _OF_S3:
                raise
            log.error("source %s: its messages stay in the queue: %s", source.name, error)  # noqa: TRY400
            failed[source.name] = error
            continue
        claimed, gone = claimed + new, gone + left
        hearing.heard(conn, source.name, len(announcements))
    if failed and len(failed) == len(by_source):
        raise next(iter(failed.values()))
    done = tuple(source.name for source, _ in by_source if source.name not in failed)
    left_over = {_place(one) for source, some in by_source if source.name in failed for one in some}
    kept = [message for message, content in contents if left_over & set(map(_place, content.announcements))]
    return Received(claimed, gone, len(rejected), done, failed, frozenset(kept))


def _place(announcement: Announcement) -> tuple[str, str]:
    return announcement.bucket, announcement.key


def _by_source(
    configuration: Configuration, announced: Iterable[Announcement]
) -> tuple[list[tuple[Source, list[Announcement]]], list[Announcement]]:
    """The announcements of each source, and those of no configured source."""
    by_source: dict[str, list[Announcement]] = defaultdict(list)
    others: list[Announcement] = []
    for announcement in announced:
        source = configuration.source_of(announcement.bucket, announcement.key)
        (others if source is None else by_source[source.name]).append(announcement)
    return [(configuration.source(name), announcements) for name, announcements in sorted(by_source.items())], others


def _take_of(
    conn: Connection, client: S3Client, source: Source, announcements: Sequence[Announcement]
) -> tuple[int, int]:
    """The number of claimed objects of the source, and of those that are gone."""
    arrivals = Arrivals(conn, client, source, SeenBy.EVENT)
    with ThreadPoolExecutor(LOOKS_AT_ONCE) as pool:
        inspected = list(pool.map(lambda one: arrivals.inspect(one.bucket, one.key), announcements))
    gone = 0
    for announcement, now in zip(announcements, inspected, strict=True):
        if now.version is None and now.refusal is None:
            gone += len(discovery.leave(conn, announcement.bucket, announcement.key))
        elif now.version is None:
            log.warning("%s; the next listing tries again", now.refusal)
    arrivals.take_inspected(now for now in inspected if not _is_folder(now))
    arrivals.look_again()  # also claims restored and settled objects
    await_settling(arrivals)
    return arrivals.claimed, gone


def _is_folder(now: Inspection) -> bool:
    return bool(now.version and not now.version.size and now.version.key.endswith("/"))


def _waiting(sqs: Any, address: str) -> list[Message]:
    """Up to MOST further messages of the queue: a burst of uploads becomes one run, not a hundred."""
    from mediaindex.storage import queue

    messages: list[Message] = []
    while len(messages) < MOST and (more := queue.receive(sqs, address, hidden_seconds=EVENTS_HIDDEN_SECONDS)):
        messages += more
    return messages
