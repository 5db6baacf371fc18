"""Announcements in a real queue are written into the ledger."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from local.announce import message
from mediaindex.catalog.batches import batches
from mediaindex.catalog.ledger import hearing, ledger
from mediaindex.config.sources import Configuration, Source
from mediaindex.contract.states import SeenBy
from mediaindex.errors import ConfigError, TransientError
from mediaindex.orchestration import discovery, events
from mediaindex.orchestration.arrivals import Arrivals
from mediaindex.storage import probes
from mediaindex.storage.objects import ObjectVersion
from mediaindex.storage.queue import Message
from tests.builders.databases import throwaway_database

pytestmark = [pytest.mark.servers, pytest.mark.usefixtures("connections")]

Sources = Callable[..., Source]
HOSTILE = "\x1b[31mred\nWARNING forged\r\u202e"


def configured(source: Source, queue: str) -> Configuration:
    return Configuration(sources=(source,), event_queues=(queue,))


def left(sqs: Any, queue: str) -> int:
    """The number of messages in the queue, with hidden ones."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
    return sum(int(attributes[name]) for name in names)


def test_announced_uploads_are_claimed_once_and_planned(
    conn: Any,
    client: Any,
    sqs: Any,
    queue: str,
    put: Callable[..., None],
    source: Sources,
    bucket: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    one, keys = source(), ["a b+c.wav", "ü/d.wav"]
    put(*keys)
    for _ in range(10):
        for key in keys:
            sqs.send_message(QueueUrl=queue, MessageBody=message(bucket, key))
    done = events.receive(configured(one, queue), {})
    assert (done.claimed, done.sources) == (2, (one.name,))
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
    assert left(sqs, queue) == 0
    assert sum(batch.items for batch in batches.unstarted(conn, one.name)) == 2
    later = Arrivals(conn, client, one, SeenBy.LISTING)
    discovery.take_listing(later, "")
    assert later.claimed == 0


def test_the_ledger_records_whether_an_event_or_a_listing_came_first(
    conn: Any, client: Any, sqs: Any, queue: str, put: Callable[..., None], source: Sources, bucket: str
) -> None:
    one = source()
    put("a.wav")
    sqs.send_message(QueueUrl=queue, MessageBody=message(bucket, "a.wav"))
    events.receive(configured(one, queue), {})
    put("b.wav")
    discovery.take_listing(Arrivals(conn, client, one, SeenBy.LISTING), "")
    (seen,) = [found for found in hearing.arrivals(conn) if found.source == one.name]
    assert (seen.by_event, seen.by_listing, seen.waiting) == (1, 1, 0)
    assert seen.last_event_at is not None


def test_only_invalid_messages_are_dropped(
    sqs: Any, queue: str, put: Callable[..., None], source: Sources, bucket: str
) -> None:
    put("a.wav")
    bodies = ["no", "{}", message(bucket, "not there.wav"), message("elsewhere", "a.wav"), message(bucket, "x\x00")]
    for body in [*bodies, message(bucket, "a.wav")]:
        sqs.send_message(QueueUrl=queue, MessageBody=body)
    done = events.receive(configured(source(), queue), {})
    assert (done.claimed, done.rejected, left(sqs, queue)) == (1, 3, 0)


def test_only_an_object_that_is_still_missing_is_gone(
    conn: Any,
    client: Any,
    queue: str,
    put: Callable[..., None],
    source: Sources,
    bucket: str,
    states: Callable[[], Any],
) -> None:
    configuration = configured(source(), queue)
    put("a.wav", "b.wav")
    discovery.take_listing(Arrivals(conn, client, source(), SeenBy.LISTING), "")
    client.delete_object(Bucket=bucket, Key="a.wav")
    removed = [Message(message(bucket, key, event="ObjectRemoved:Delete"), "") for key in ("a.wav", "b.wav")]
    assert events.take(conn, client, configuration, removed).gone == 1
    assert states() == {"a.wav": ("gone", "removed"), "b.wav": "claimed"}
    put("a.wav")
    assert events.take(conn, client, configuration, [Message(message(bucket, "a.wav"), "")]).claimed == 1
    assert len(ledger.find(conn, bucket=bucket, key="a.wav")) == 1


def test_messages_that_cannot_be_processed_stay_in_the_queue(
    sqs: Any, queue: str, source: Sources, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sqs.send_message(QueueUrl=queue, MessageBody=message(bucket, "a.wav"))
    monkeypatch.setenv("AIRFLOW_CONN_MEDIAINDEX_POSTGRES", "postgresql://x:x@127.0.0.1:1/none")
    with pytest.raises(TransientError):
        events.receive(configured(source(), queue), {})
    assert left(sqs, queue) == 1


def test_messages_stay_in_the_queue_until_the_ledger_has_what_they_announce(
    sqs: Any,
    queue: str,
    put: Callable[..., None],
    source: Sources,
    bucket: str,
    states: Callable[[], Any],
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put("a.wav")
    sqs.send_message(QueueUrl=queue, MessageBody=message(bucket, "a.wav"))
    (announced,) = received = events._waiting(sqs, queue)
    for empty in throwaway_database(database_url):  # it answers, and refuses what is written
        monkeypatch.setenv("AIRFLOW_CONN_MEDIAINDEX_POSTGRES", empty)
        with pytest.raises(ConfigError):
            events.receive(configured(source(), queue), {queue: received})
    assert (states(), left(sqs, queue)) == ({}, 1)
    monkeypatch.setenv("AIRFLOW_CONN_MEDIAINDEX_POSTGRES", database_url)
    assert events.receive(configured(source(), queue), {queue: [announced]}).claimed == 1
    assert (states(), left(sqs, queue)) == ({"a.wav": "claimed"}, 0)


def test_the_reason_for_a_dropped_message_is_logged_as_one_printable_line(
    conn: Any, client: Any, queue: str, source: Sources, caplog: pytest.LogCaptureFixture
) -> None:
    body = json.dumps({f"{HOSTILE}field": 1})
    assert events.take(conn, client, configured(source(), queue), [Message(body, "")]).rejected == 1
    (said,) = [record.getMessage() for record in caplog.records if "dropped a message" in record.getMessage()]
    assert said.isprintable()


def test_a_key_is_logged_as_one_printable_line(
    conn: Any, client: Any, queue: str, source: Sources, bucket: str, caplog: pytest.LogCaptureFixture
) -> None:
    unstorable = ObjectVersion(bucket, f"\x00{HOSTILE}", "e", None, 1, datetime.now(UTC))
    assert Arrivals(conn, client, source(), SeenBy.LISTING).wanted([unstorable]) == []
    with caplog.at_level("INFO"):
        events.take(conn, client, configured(source(), queue), [Message(message("elsewhere", HOSTILE), "")])
    said = [record.getMessage() for record in caplog.records if "NUL" in record.msg or "no source" in record.msg]
    assert [line.isprintable() for line in said] == [True, True]


def test_a_queue_that_does_not_exist_does_not_hold_up_the_others(
    sqs: Any, queue: str, put: Callable[..., None], source: Sources, bucket: str, states: Callable[[], Any]
) -> None:
    put("a.wav")
    sqs.send_message(QueueUrl=queue, MessageBody=message(bucket, "a.wav"))
    configuration = Configuration(sources=(source(),), event_queues=(f"{queue}-gone", queue))
    with pytest.raises(ConfigError, match=f"queue {queue}-gone"):
        events.receive(configuration, {})
    assert (states(), left(sqs, queue)) == ({"a.wav": "claimed"}, 0)


def test_the_depth_of_a_queue_is_told(sqs: Any, queue: str) -> None:
    sqs.send_message(QueueUrl=queue, MessageBody="a")
    assert probes.depth(sqs, queue) == "about 1 messages wait"
