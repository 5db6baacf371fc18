"""What ``receive_events`` does: announcements of uploads into the same ledger that listings fill.

A message says where to look, never what is there: each object is looked at, so that messages may come twice, late, in
any order or from a stranger. They are taken from the queue only once the ledger knows what they announced; until then
SQS gives them out again.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mediaindex.catalog.base.connection import connect
from mediaindex.catalog.ledger import discovery as ledger_pages
from mediaindex.catalog.ledger import hearing
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

MOST = 1_000  # messages a run takes from a queue beyond those it was started with


@dataclass(frozen=True, slots=True)
class Received:
    """What a run made of its messages; ``sources``: those that have something to plan."""

    claimed: int
    gone: int
    rejected: int
    sources: tuple[str, ...]


def of_run(asset_events: Mapping[Any, Sequence[Any]]) -> dict[str, list[Message]]:
    """By queue, the messages of all events that started a run. One run may answer to many events."""
    found: dict[str, list[Message]] = defaultdict(list)
    for asset, events in asset_events.items():
        for event in events:
            extra = event.extra if isinstance(event.extra, dict) else {}
            payload = extra.get("payload")
            batch = payload.get("message_batch") if isinstance(payload, dict) else None
            for one in batch if isinstance(batch, list) else ():
                if isinstance(one, dict):
                    found[str(asset.name)].append(Message(str(one.get("Body", "")), str(one.get("ReceiptHandle", ""))))
    return found


def receive(configuration: Configuration, given: Mapping[str, Sequence[Message]]) -> Received:
    """The messages given, by queue address, and what else lies in the queues, into the ledger and into batches."""
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
            queue.delete(sqs, address, [one for one in messages if one.receipt])
            totals = [sum(pair) for pair in zip(totals, (done.claimed, done.gone, done.rejected), strict=True)]
            touched |= set(done.sources)
        for name in touched:
            source = configuration.source(name)
            plan(conn, source, source.lane)
    log.info("events: %d claimed, %d gone, %d not understood", *totals)
    in_order = sorted(touched, key=lambda name: (-configuration.source(name).priority, name))
    return Received(totals[0], totals[1], totals[2], tuple(in_order))


def take(conn: Connection, client: S3Client, configuration: Configuration, messages: Sequence[Message]) -> Received:
    """What the messages announce, into the ledger."""
    announced: dict[tuple[str, str], Announcement] = {}
    rejected = 0
    for message in messages:
        heard = understand(message.body)
        announced |= {(one.bucket, one.key): one for one in heard.announcements}
        rejected += len(heard.rejected)
        for why in heard.rejected:
            log.warning("a message was not understood and is dropped: %s", printable(why))
    by_source = _by_source(configuration, announced.values())
    claimed = gone = 0
    for source, some in by_source:
        new, left = _take_of(conn, client, source, some)
        claimed, gone = claimed + new, gone + left
        hearing.heard(conn, source.name, len(some))
    return Received(claimed, gone, rejected, tuple(source.name for source, _ in by_source))


def _by_source(
    configuration: Configuration, announced: Iterable[Announcement]
) -> list[tuple[Source, list[Announcement]]]:
    found: dict[str, list[Announcement]] = defaultdict(list)
    for one in announced:
        source = configuration.source_of(one.bucket, one.key)
        if source is None:
            log.info("s3://%s/%s belongs to no source", one.bucket, printable(one.key))
        else:
            found[source.name].append(one)
    return [(configuration.source(name), some) for name, some in sorted(found.items())]


def _take_of(conn: Connection, client: S3Client, source: Source, some: Sequence[Announcement]) -> tuple[int, int]:
    """How many objects of the source were claimed, and how many are gone."""
    arrivals = Arrivals(conn, client, source, SeenBy.EVENT)
    with ThreadPoolExecutor(LOOKS_AT_ONCE) as pool:
        looked = list(pool.map(lambda one: _look(client, one), some))
    there = [found for found in looked if not isinstance(found, Announcement | None)]
    gone = sum(len(ledger_pages.leave(conn, one.bucket, one.key)) for one in looked if isinstance(one, Announcement))
    arrivals.take(one for one in there if one.size or not one.key.endswith("/"))
    arrivals.look_again()  # also what was restored, or had to settle
    await_settling(arrivals)
    return arrivals.claimed, gone


def _look(client: S3Client, one: Announcement) -> ObjectVersion | Announcement | None:
    """What lies under the key; the announcement itself where nothing does; None where S3 does not let us look."""
    from mediaindex.storage.looks import look

    try:
        return look(client, one.bucket, one.key) or one
    except TerminalError as error:
        if error.code == ErrorCode.S3_CREDENTIALS:
            raise  # of all objects: the messages stay in the queue until the connection is right again
        log.warning("%s; the next listing looks again", error)
        return None


def _waiting(sqs: Any, address: str) -> list[Message]:
    """What else lies in the queue: a burst of uploads is one run, not a hundred."""
    from mediaindex.storage import queue

    found: list[Message] = []
    while len(found) < MOST and (more := queue.receive(sqs, address, hidden_seconds=EVENTS_HIDDEN_SECONDS)):
        found += more
    return found
