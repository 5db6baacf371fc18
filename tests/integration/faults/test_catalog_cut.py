"""PostgreSQL goes away in the middle: whatever was on the wire, all of a step is written or nothing, and once."""

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
from tests.builders.tcp_proxy import Strike, TcpProxy

pytestmark = pytest.mark.servers

MANY = 50
TURNS = 100
WHEN = datetime(2026, 1, 2, tzinfo=UTC)
CUTS = 5  # each way, somewhere in the bytes that a step takes


@dataclass(frozen=True)
class Step:
    """``prepare`` gives ``do`` what it works on; ``picture`` is what is written of it afterwards."""

    prepare: Callable[[Any], Any]
    do: Callable[[Any, Any], Any]
    picture: Callable[[Any, Any], Any]


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
    """All is done but the last word."""
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
        found = []
        for statement in statements:
            cursor.execute(statement, {"of": of})
            found.append(int(scalar(cursor)))
        return tuple(found)


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


def measured(step: Step, conn: Any, wire: TcpProxy, url: str) -> tuple[Any, list[int]]:
    """What a step writes that nobody disturbs, and the bytes it takes, down and up."""
    given = step.prepare(conn)
    wire.strike(None)
    with connect(url) as wired:
        step.do(wired, given)
    return step.picture(conn, given), list(wire.passed)


def end_session(url: str) -> None:
    """As a server does that is shut down."""
    admin = psycopg2.connect(url)
    admin.autocommit = True
    with admin.cursor() as cursor:
        cursor.execute(
            "select pg_terminate_backend(pid, 60000) from pg_stat_activity "
            "where application_name = 'wired' and datname = current_database()"
        )
    admin.close()


@pytest.mark.parametrize("how", ["cut", "ended"])
@pytest.mark.parametrize("name", STEPS)
def test_a_lost_connection_is_transient_and_the_next_try_writes_once(
    conn: Any, database_url: str, wire: TcpProxy, wired_url: str, name: str, how: str
) -> None:
    step = STEPS[name]
    whole, passed = measured(step, conn, wire, wired_url)
    chance = Random(name)
    codes = []
    for upwards in [True] * CUTS + [False] * CUTS:
        given = step.prepare(conn)
        before = step.picture(conn, given)
        act = (lambda: end_session(database_url)) if how == "ended" else None
        wire.strike(Strike(chance.randrange(passed[upwards]), upwards, act))
        try:
            with connect(wired_url) as wired:
                step.do(wired, given)
        except TransientError as error:
            codes.append(error.code)
        end_session(database_url)  # the server may not have noticed yet that nobody listens
        assert step.picture(conn, given) in (before, whole)
        step.do(conn, given)
        assert step.picture(conn, given) == whole
    assert len(codes) >= CUTS  # else nothing was cut
    assert set(codes) <= {"catalog_unavailable", "catalog_unreachable"}


def test_a_publisher_that_loses_the_catalog_loses_and_doubles_nothing(
    conn: Any, database_url: str, wire: TcpProxy, wired_url: str, own_indexes: None
) -> None:
    assert own_indexes is None
    search = from_environment()
    prepare(search)
    for cut in (200, 2_000, 4_000, 8_000, 16_000):
        recorded = [normalized(conn) for _ in range(3)]
        for one in recorded:
            load(conn, one)
        wire.strike(Strike(cut, False))
        with suppress(TransientError), connect(wired_url) as wired:
            publish_pending(wired, search)
        end_session(database_url)
        publish_pending(conn, search)
        assert publications.pending(conn) == []
        stores = Stores(conn, search, None, "")
        assert [
            one.kind for one in document_differences(stores) if one.subject in {one.audio for one in recorded}
        ] == []


def listed(url: str, source: str) -> list[ledger.MediaObject]:
    with connect(url) as wired:
        return ledger.find(wired, source=source)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_long_list_is_whole_or_an_error(conn: Any, wire: TcpProxy, wired_url: str, share: float) -> None:
    source = claimed(conn)[0].bucket
    wire.strike(None)
    assert len(listed(wired_url, source)) == MANY
    wire.strike(Strike(int(wire.passed[False] * share), False))
    with pytest.raises(TransientError):
        listed(wired_url, source)


def test_a_server_that_is_not_there_is_named_without_the_password(wire: TcpProxy, wired_url: str) -> None:
    wire.cut()
    with pytest.raises(TransientError, match=f"127.0.0.1:{wire.port}/") as caught, connect(wired_url):
        pass
    assert caught.value.code == "catalog_unreachable"
    assert (psycopg2.extensions.parse_dsn(wired_url)["password"]) not in caught.value.message


def lose_the_session(url: str) -> None:
    with connect(f"{url}?application_name=wired") as wired:
        end_session(url)
        ledger.find(wired)


def test_the_message_says_how_the_connection_came_to_be_lost(database_url: str) -> None:
    with pytest.raises(TransientError) as caught:
        lose_the_session(database_url)
    assert re.search("terminating connection|server closed the connection", caught.value.message)
    assert "tried again" in caught.value.message


def test_nobody_waits_a_quarter_of_an_hour_for_a_server_that_has_lost_its_power(database_url: str) -> None:
    with connect(database_url) as conn, socket.socket(fileno=os.dup(conn.fileno())) as wire:
        assert wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 60_000
        assert wire.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
