"""A connection to PostgreSQL that is lost at any byte: each step is written completely and once, or not at all."""

from __future__ import annotations

import os
import re
import socket
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any

import psycopg2
import pytest

from mediaindex.catalog.base.connection import connect, transaction
from mediaindex.catalog.base.rows import scalar
from mediaindex.catalog.batches import batches, stage_runs
from mediaindex.catalog.ledger import ledger
from mediaindex.catalog.transcripts import publications, transcripts
from mediaindex.contract.job import ItemResult, JobResult
from mediaindex.contract.states import ItemStatus
from mediaindex.errors import TransientError
from mediaindex.search import from_environment, prepare, publish_pending
from mediaindex.storage.objects import ObjectVersion
from mediaindex.upkeep.erasing import Stores
from mediaindex.upkeep.verifying import document_differences
from tests.builders.recordings import USAGE, Recorded, arrive, assessed
from tests.builders.tcp_proxy import Interruption, TcpProxy

from .conftest import PROXIED

pytestmark = pytest.mark.servers

MANY = 50
TURNS = 100
WHEN = datetime(2026, 1, 2, tzinfo=UTC)
CUTS = 5  # per direction, at random bytes of a step


@dataclass(frozen=True)
class Step:
    """``prepare`` returns the argument of ``do``; ``rows`` counts the rows that ``do`` wrote."""

    prepare: Callable[[Any], Any]
    do: Callable[[Any, Any], Any]
    rows: Callable[[Any, Any], Any]


def objects() -> list[ObjectVersion]:
    bucket = f"b{uuid.uuid4().hex}"
    return [ObjectVersion(bucket, f"clip {n:05}.wav", "e", None, 1_000, WHEN) for n in range(MANY)]


def claimed(conn: Any) -> list[ObjectVersion]:
    found = objects()
    ledger.claim(conn, found[0].bucket, found)
    return found


def planned(conn: Any) -> tuple[int, JobResult]:
    found = claimed(conn)
    (batch_id,) = batches.plan(conn, found[0].bucket, max_items=MANY, target_seconds=1e9)
    items = tuple(
        ItemResult(
            id=str(item.media_object_id), status=ItemStatus.DONE, audio_sha256=uuid.uuid4().hex * 2, fingerprint="n",
            summary={"duration": 9.0}, usage=USAGE,
        )
        for item in batches.items(conn, batch_id)
    )  # fmt: skip
    return batch_id, JobResult(stage="normalize", items=items)


def normalized(conn: Any) -> Recorded:
    return arrive(conn, uuid.uuid4().hex)


def published(conn: Any) -> Recorded:
    """A published recording whose batch is not finished."""
    recorded = normalized(conn)
    load(conn, recorded)
    run(conn, "update publication set published_at = now() where audio_sha256 = %s", recorded.audio)
    found = ItemResult(
        id=str(recorded.id), status=ItemStatus.DONE, audio_sha256=recorded.audio, fingerprint="f", usage=USAGE
    )
    stage_runs.record(conn, recorded.batch_id, JobResult(stage="find_topics", items=(found,)))
    return recorded


def load(conn: Any, recorded: Recorded) -> None:
    assessment, topics = assessed(*(f"this is what was said in turn {n} of many" for n in range(TURNS)))
    transcripts.load(
        conn, media_object_id=recorded.id, audio_sha256=recorded.audio, assessment=assessment, topics=topics,
        fingerprint="f",
    )  # fmt: skip


def run(conn: Any, statement: str, *values: Any) -> None:
    with transaction(conn) as cursor:
        cursor.execute(statement, values)


def numbers(conn: Any, *statements: str, of: Any) -> tuple[int, ...]:
    with transaction(conn) as cursor:
        counts = []
        for statement in statements:
            cursor.execute(statement, {"of": of})
            counts.append(int(scalar(cursor)))
        return tuple(counts)


OF_SOURCE = (
    "select count(*) from media_object where source = %(of)s",
    "select count(*) from media_object_event join media_object o on o.id = media_object_id where source = %(of)s",
)
OF_PLAN = (
    "select count(*) from batch where source = %(of)s",
    "select count(*) from batch_item join batch b on b.id = batch_id where source = %(of)s",
    "select count(*) from media_object where source = %(of)s and batch_id is not null",
)
OF_BATCH = (
    "select count(audio_sha256) from media_object where batch_id = %(of)s",
    "select count(*) from recording join media_object o on o.id = primary_object_id where o.batch_id = %(of)s",
    "select count(*) from batch_item_stage where batch_id = %(of)s",
)
OF_TRANSCRIPT = (
    "select count(*) from transcript where audio_sha256 = %(of)s",
    "select count(*) from turn t join transcript on id = transcript_id where audio_sha256 = %(of)s",
    "select count(*) from word join transcript on id = transcript_id where audio_sha256 = %(of)s",
    "select count(*) from topic_mention join transcript on id = transcript_id where audio_sha256 = %(of)s",
    "select count(*) from publication where audio_sha256 = %(of)s",
)
OF_END = (
    "select count(*) from media_object where batch_id = %(of)s and state = 'indexed'",
    "select count(*) from media_object_event join media_object o on o.id = media_object_id where o.batch_id = %(of)s",
    "select count(finished_at) from batch where id = %(of)s",
)
STEPS = {
    "claim": Step(
        lambda _: objects(),
        lambda conn, found: ledger.claim(conn, found[0].bucket, found),
        lambda conn, found: numbers(conn, *OF_SOURCE, of=found[0].bucket),
    ),
    "plan": Step(
        claimed,
        lambda conn, found: batches.plan(conn, found[0].bucket),
        lambda conn, found: numbers(conn, *OF_PLAN, of=found[0].bucket),
    ),
    "record": Step(
        planned,
        lambda conn, batch: stage_runs.record(conn, *batch),
        lambda conn, batch: numbers(conn, *OF_BATCH, of=batch[0]),
    ),
    "load": Step(normalized, load, lambda conn, recorded: numbers(conn, *OF_TRANSCRIPT, of=recorded.audio)),
    "finish": Step(
        published,
        lambda conn, recorded: batches.finish(conn, recorded.batch_id),
        lambda conn, recorded: numbers(conn, *OF_END, of=recorded.batch_id),
    ),
}


def measured(step: Step, conn: Any, catalog_proxy: TcpProxy, url: str) -> tuple[Any, list[int]]:
    """The rows of an uninterrupted step, and the bytes that it receives and sends."""
    given = step.prepare(conn)
    catalog_proxy.interrupt(None)
    with connect(url) as proxied:
        step.do(proxied, given)
    return step.rows(conn, given), list(catalog_proxy.passed)


def end_session(url: str) -> None:
    """End the sessions through the proxy, as a server does at shutdown."""
    admin = psycopg2.connect(url)
    admin.autocommit = True
    with admin.cursor() as cursor:
        cursor.execute(
            "select pg_terminate_backend(pid, 60000) from pg_stat_activity "
            "where application_name = %s and datname = current_database()",
            (PROXIED,),
        )
    admin.close()


@pytest.mark.parametrize("how", ["cut", "ended"])
@pytest.mark.parametrize("name", STEPS)
def test_a_lost_connection_is_transient_and_a_retry_writes_once(
    conn: Any, database_url: str, catalog_proxy: TcpProxy, proxied_url: str, name: str, how: str
) -> None:
    step = STEPS[name]
    whole, passed = measured(step, conn, catalog_proxy, proxied_url)
    chance = Random(name)
    codes = []
    for upwards in [True] * CUTS + [False] * CUTS:
        given = step.prepare(conn)
        before = step.rows(conn, given)
        act = (lambda: end_session(database_url)) if how == "ended" else None
        catalog_proxy.interrupt(Interruption(chance.randrange(passed[upwards]), upwards, act))
        try:
            with connect(proxied_url) as proxied:
                step.do(proxied, given)
        except TransientError as error:
            codes.append(error.code)
        end_session(database_url)  # the server may not have detected the lost connection yet
        assert step.rows(conn, given) in (before, whole)
        step.do(conn, given)
        assert step.rows(conn, given) == whole
    assert len(codes) >= CUTS  # otherwise no step was interrupted
    assert set(codes) <= {"catalog_unavailable", "catalog_unreachable"}


def test_a_publisher_that_loses_the_catalog_publishes_each_recording_once(
    conn: Any, database_url: str, catalog_proxy: TcpProxy, proxied_url: str, own_indexes: None
) -> None:
    assert own_indexes is None
    search = from_environment()
    prepare(search)
    for cut in (200, 2_000, 4_000, 8_000, 16_000):
        recorded = [normalized(conn) for _ in range(3)]
        for recording in recorded:
            load(conn, recording)
        catalog_proxy.interrupt(Interruption(cut, False))
        with suppress(TransientError), connect(proxied_url) as proxied:
            publish_pending(proxied, search)
        end_session(database_url)
        publish_pending(conn, search)
        assert publications.pending(conn) == []
        stores = Stores(conn, search, None, "")
        audio = {recording.audio for recording in recorded}
        assert [found.kind for found in document_differences(stores) if found.subject in audio] == []


def listed(url: str, source: str) -> list[ledger.MediaObject]:
    with connect(url) as proxied:
        return ledger.find(proxied, source=source)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_long_list_is_complete_or_an_error(
    conn: Any, catalog_proxy: TcpProxy, proxied_url: str, share: float
) -> None:
    source = claimed(conn)[0].bucket
    catalog_proxy.interrupt(None)
    assert len(listed(proxied_url, source)) == MANY
    catalog_proxy.interrupt(Interruption(int(catalog_proxy.passed[False] * share), False))
    with pytest.raises(TransientError):
        listed(proxied_url, source)


def test_an_unreachable_server_is_named_without_the_password(catalog_proxy: TcpProxy, proxied_url: str) -> None:
    catalog_proxy.cut()
    with pytest.raises(TransientError, match=f"127.0.0.1:{catalog_proxy.port}/") as caught, connect(proxied_url):
        pass
    assert caught.value.code == "catalog_unreachable"
    assert (psycopg2.extensions.parse_dsn(proxied_url)["password"]) not in caught.value.message


def use_an_ended_session(url: str) -> None:
    with connect(f"{url}?application_name={PROXIED}") as proxied:
        end_session(url)
        ledger.find(proxied)


def test_the_message_has_the_cause_of_the_lost_connection(database_url: str) -> None:
    with pytest.raises(TransientError) as caught:
        use_an_ended_session(database_url)
    assert re.search("terminating connection|server closed the connection", caught.value.message)
    assert "tried again" in caught.value.message


def test_a_connection_to_a_server_without_power_times_out_after_a_minute(database_url: str) -> None:
    with connect(database_url) as conn, socket.socket(fileno=os.dup(conn.fileno())) as connection:
        assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 60_000
        assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
