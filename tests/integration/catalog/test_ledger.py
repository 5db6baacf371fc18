from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from random import Random
from threading import Barrier
from typing import Any

import psycopg2
import pytest

from mediaindex.catalog.base.connection import connect
from mediaindex.catalog.batches import batches
from mediaindex.catalog.ledger import ledger
from mediaindex.contract.states import ObjectState
from mediaindex.errors import ErrorCode, TerminalError
from mediaindex.storage.objects import ObjectVersion

pytestmark = pytest.mark.servers
Listed = Callable[..., list[ObjectVersion]]


def test_a_new_object_is_claimed_once(conn: Any, source: str, listed: Listed) -> None:
    assert [one.key for one in ledger.claim(conn, source, listed(3))] == [one.key for one in listed(3)]
    assert [one.key for one in ledger.claim(conn, source, listed(4))] == ["clip 00003.wav"]


def test_an_object_replaced_under_its_key_is_new(conn: Any, source: str, listed: Listed) -> None:
    (old,) = listed(1)
    ledger.claim(conn, source, [old])
    new = ObjectVersion(old.bucket, old.key, "another", None, old.size, old.last_modified)
    assert [one.etag for one in ledger.claim(conn, source, [new])] == ["another"]


def test_listing_and_event_claim_the_same_object_once(conn: Any, source: str, listed: Listed) -> None:
    (by_listing,) = listed(1)
    by_event = ObjectVersion(source, by_listing.key, by_listing.etag, "v1", by_listing.size, by_listing.last_modified)
    assert len(ledger.claim(conn, source, [by_event])) == 1
    assert ledger.claim(conn, source, [by_listing]) == []


def test_eight_claimers_claim_each_of_2000_objects_once(database_url: str, source: str, listed: Listed) -> None:
    objects = listed(2_000)
    start = Barrier(8)

    def claim(seed: int) -> list[ledger.MediaObject]:
        mixed = Random(seed).sample(objects, len(objects))
        with connect(database_url) as conn:
            start.wait()
            return ledger.claim(conn, source, mixed)

    with ThreadPoolExecutor(8) as pool:
        claimed = [one.key for part in pool.map(claim, range(8)) for one in part]
    assert sorted(claimed) == [one.key for one in objects]


def test_the_database_refuses_an_illegal_transition(conn: Any, source: str, listed: Listed) -> None:
    (one,) = ledger.claim(conn, source, listed(1))
    ledger.set_state(conn, one.id, ObjectState.DUPLICATE)
    with conn.cursor() as cursor, pytest.raises(psycopg2.Error) as caught:
        cursor.execute("update media_object set state = 'indexed' where id = %s", (one.id,))
    assert caught.value.pgcode == "MI001"
    conn.rollback()
    with pytest.raises(TerminalError, match="cannot go from duplicate to indexed") as refused:
        ledger.set_state(conn, one.id, ObjectState.INDEXED)
    assert refused.value.code == "illegal_state"


def test_an_unknown_state_or_object_is_refused(conn: Any, source: str, listed: Listed) -> None:
    (one,) = ledger.claim(conn, source, listed(1))
    unknown: Any = "lost"
    with pytest.raises(TerminalError):
        ledger.set_state(conn, one.id, unknown)
    with pytest.raises(TerminalError, match="not in the ledger"):
        ledger.set_state(conn, 2**40, ObjectState.INDEXED)


def test_quarantine_without_a_reason_is_refused(conn: Any, source: str, listed: Listed) -> None:
    (one,) = ledger.claim(conn, source, listed(1))
    with pytest.raises(TerminalError, match="quarantine_has_reason"):
        ledger.set_state(conn, one.id, ObjectState.QUARANTINED)


def test_every_transition_is_in_the_history_once(conn: Any, source: str, listed: Listed) -> None:
    (one,) = ledger.claim(conn, source, listed(1))
    for _ in range(2):  # a repeated move is no move
        ledger.set_state(
            conn, one.id, ObjectState.QUARANTINED, code=ErrorCode.BAD_MEDIA, reason="no sound", stage="normalize"
        )
    ledger.requeue(conn, one.id)
    moves = ledger.history(conn, one.id)
    assert [move.to_state for move in moves] == ["claimed", "quarantined", "claimed"]
    assert (moves[1].code, moves[1].reason, moves[1].stage) == ("bad_media", "no sound", "normalize")
    assert all(before.at <= after.at for before, after in pairwise(moves))


@pytest.mark.parametrize("statement", ["update media_object_event set reason = 'x'", "delete from media_object_event"])
def test_history_cannot_be_rewritten(conn: Any, source: str, listed: Listed, statement: str) -> None:
    ledger.claim(conn, source, listed(1))
    with conn.cursor() as cursor, pytest.raises(psycopg2.Error, match="never changed"):
        cursor.execute(statement)
    conn.rollback()


def test_find_filters_and_pages(conn: Any, source: str, listed: Listed) -> None:
    claimed = ledger.claim(conn, source, listed(5))
    ledger.set_state(conn, claimed[2].id, ObjectState.DUPLICATE)
    assert [one.id for one in ledger.find(conn, source=source, states=[ObjectState.DUPLICATE])] == [claimed[2].id]
    assert ledger.find(conn, bucket=source, limit=2) == claimed[:2]
    assert ledger.find(conn, source=source, after_id=claimed[3].id) == claimed[4:]
    assert [one.key for one in ledger.find(conn, source=source, key_prefix="clip 00004")] == ["clip 00004.wav"]
    assert ledger.find(conn, source=source, key_prefix="clip _") == []
    assert ledger.find(conn, ids=[]) == []


def test_requeue_refuses_work_in_progress(conn: Any, source: str, listed: Listed) -> None:
    (one,) = ledger.claim(conn, source, listed(1))
    (batch_id,) = batches.plan(conn, source)
    with pytest.raises(TerminalError) as caught:
        ledger.requeue(conn, one.id)
    assert caught.value.code == "in_progress"
    ledger.requeue(conn, one.id, in_progress=True)
    assert batches.items(conn, batch_id) == []
    assert len(batches.plan(conn, source)) == 1
