"""The tasks of ``receive_events``: write announced uploads into the same ledger that listings fill.

A message only names an object. Its present version is read from S3, so messages may come twice, late, in any order or
from an untrusted sender. They are deleted from the queue once the ledger has what they announced; until then SQS
delivers them again.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mediaindex.catalog.base.connection import connect
from mediaindex.catalog.ledger import discovery, hearing
from mediaindex.config.sources import Configuration, Source
from mediaindex.contract.states import SeenBy
from mediaindex.errors import ErrorCode, TerminalError
from mediaindex.settings import ServerSettings
from mediaindex.stages.media.process import printable
from mediaindex.storage.announcements import Announcement, understand
from mediaindex.storage.queue import Message

from . import connections
from .arrivals import LOOKS_AT_ONCE, Arrivals
from .batch_job import use_s3_environment
from .defaults import EVENTS_HIDDEN_SECONDS
from .discovery import await_settling
from .starting import plan

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from mediaindex.catalog import Connection
    from mediaindex.storage.objects import ObjectVersion

log = logging.getLogger(__name__)

MOST = 1_000  # messages that a run takes from a queue in addition to those that started it


@dataclass(frozen=True, slots=True)
class Received:
    """What a run did with its messages; ``sources``: names of sources with recordings to plan."""

    claimed: int
    gone: int
    rejected: int
    sources: tuple[str, ...]


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
    """Claim and plan what messages announce: those ``given``, by queue address, and those waiting in the queues."""
    from mediaindex.storage import queue
    from mediaindex.storage.client import s3_client

    use_s3_environment()
    variables = connections.sqs_environment()
    sqs = queue.sqs_client(variables, ServerSettings.read(variables).sqs_endpoint_url)
    totals, touched = [0, 0, 0], set()
    with connect(connections.database_url()) as conn:
        for address in configuration.queues:
            messages = [*given.get(address, ()), *_waiting(sqs, address)]
            done = take(conn, s3_client(), configuration, messages)
            queue.delete(sqs, address, [message for message in messages if message.receipt])
            totals = [sum(pair) for pair in zip(totals, (done.claimed, done.gone, done.rejected), strict=True)]
            touched |= set(done.sources)
        for name in touched:
            source = configuration.source(name)
            plan(conn, source, source.lane)
    log.info("events: %d objects claimed, %d gone, %d messages rejected", *totals)
    in_order = sorted(touched, key=lambda name: (-configuration.source(name).priority, name))
    return Received(totals[0], totals[1], totals[2], tuple(in_order))


def take(conn: Connection, client: S3Client, configuration: Configuration, messages: Sequence[Message]) -> Received:
    """Write what the messages announce into the ledger."""
    announced: dict[tuple[str, str], Announcement] = {}
    rejected = 0
    for message in messages:
        content = understand(message.body)
        announced |= {(announcement.bucket, announcement.key): announcement for announcement in content.announcements}
        rejected += len(content.rejected)
        for reason in content.rejected:
            log.warning("dropped a message that is not an announcement: %s", printable(reason))
    by_source = _by_source(configuration, announced.values())
    claimed = gone = 0
    for source, announcements in by_source:
        new, left = _take_of(conn, client, source, announcements)
        claimed, gone = claimed + new, gone + left
        hearing.heard(conn, source.name, len(announcements))
    return Received(claimed, gone, rejected, tuple(source.name for source, _ in by_source))


def _by_source(
    configuration: Configuration, announced: Iterable[Announcement]
) -> list[tuple[Source, list[Announcement]]]:
    by_source: dict[str, list[Announcement]] = defaultdict(list)
    for announcement in announced:
        source = configuration.source_of(announcement.bucket, announcement.key)
        if source is None:
            log.info("s3://%s/%s belongs to no source", announcement.bucket, printable(announcement.key))
        else:
            by_source[source.name].append(announcement)
    return [(configuration.source(name), announcements) for name, announcements in sorted(by_source.items())]


def _take_of(
    conn: Connection, client: S3Client, source: Source, announcements: Sequence[Announcement]
) -> tuple[int, int]:
    """The number of claimed objects of the source, and of those that are gone."""
    arrivals = Arrivals(conn, client, source, SeenBy.EVENT)
    with ThreadPoolExecutor(LOOKS_AT_ONCE) as pool:
        looked = list(pool.map(lambda announcement: _look(client, announcement), announcements))
    versions = [version for version in looked if not isinstance(version, Announcement | None)]
    missing = [announcement for announcement in looked if isinstance(announcement, Announcement)]
    gone = sum(len(discovery.leave(conn, announcement.bucket, announcement.key)) for announcement in missing)
    arrivals.take(version for version in versions if version.size or not version.key.endswith("/"))
    arrivals.look_again()  # also claims restored and settled objects
    await_settling(arrivals)
    return arrivals.claimed, gone


def _look(client: S3Client, announcement: Announcement) -> ObjectVersion | Announcement | None:
    """The object's present version; the announcement itself if the object is gone; None if S3 refuses access."""
    from mediaindex.storage.looks import look

    try:
        return look(client, announcement.bucket, announcement.key) or announcement
    except TerminalError as error:
        if error.code == ErrorCode.S3_CREDENTIALS:
            raise  # concerns all objects: the messages stay in the queue until the connection is fixed
        log.warning("%s; the next listing tries again", error)
        return None


def _waiting(sqs: Any, address: str) -> list[Message]:
    """Up to MOST further messages of the queue: a burst of uploads becomes one run, not a hundred."""
    from mediaindex.storage import queue

    messages: list[Message] = []
    while len(messages) < MOST and (more := queue.receive(sqs, address, hidden_seconds=EVENTS_HIDDEN_SECONDS)):
        messages += more
    return messages
