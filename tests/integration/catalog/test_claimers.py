"""Parallel claims of the same objects."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest

from mediaindex.catalog.base.connection import connect
from mediaindex.catalog.ledger import ledger
from mediaindex.contract.states import ObjectState
from mediaindex.storage.objects import ObjectVersion

pytestmark = pytest.mark.servers
ROWS, CLAIMERS = 10_000, 8


def announced(source: str) -> list[ObjectVersion]:
    when = datetime(2025, 3, 1, tzinfo=UTC)
    return [ObjectVersion(source, f"clip {n:05}.wav", f"etag{n}", None, 1_000, when) for n in range(ROWS)]


def claim(url: str, source: str, seed: int, start: Any, told: Any) -> None:
    """One claimer: the same objects as all the others, in an order of its own."""
    objects = Random(seed).sample(announced(source), ROWS)
    with connect(url) as conn:
        start.wait()
        told.put([one.id for one in ledger.claim(conn, source, objects)])


def test_eight_processes_claim_each_of_10000_objects_once(database_url: str, source: str) -> None:
    context = multiprocessing.get_context("fork")
    start, told = context.Barrier(CLAIMERS), context.Queue()
    processes = [
        context.Process(target=claim, args=(database_url, source, seed, start, told)) for seed in range(CLAIMERS)
    ]
    for process in processes:
        process.start()
    parts = [told.get(timeout=300) for _ in processes]
    for process in processes:
        process.join(300)
    claimed = Counter(id_ for part in parts for id_ in part)
    assert len(claimed) == ROWS
    assert set(claimed.values()) == {1}
    with connect(database_url) as conn, conn.cursor() as cursor:
        cursor.execute("select count(*), count(distinct key) from media_object where source = %s", (source,))
        assert cursor.fetchone() == (ROWS, ROWS)
        cursor.execute(
            "select count(*) from media_object_event e join media_object o on o.id = media_object_id where source = %s",
            (source,),
        )
        assert cursor.fetchone() == (ROWS,)


def test_eight_processes_claim_gone_objects_again_once(conn: Any, database_url: str, source: str) -> None:
    objects = announced(source)[:200]
    for one in ledger.claim(conn, source, objects):
        ledger.set_state(conn, one.id, ObjectState.GONE)
    context = multiprocessing.get_context("fork")
    start, told = context.Barrier(CLAIMERS), context.Queue()
    processes = [
        context.Process(target=claim_some, args=(database_url, source, objects, start, told)) for _ in range(CLAIMERS)
    ]
    for process in processes:
        process.start()
    claimed = Counter(id_ for _ in processes for id_ in told.get(timeout=300))
    for process in processes:
        process.join(300)
    assert len(claimed) == 200
    assert set(claimed.values()) == {1}


def claim_some(url: str, source: str, objects: list[ObjectVersion], start: Any, told: Any) -> None:
    with connect(url) as conn:
        start.wait()
        told.put([one.id for one in ledger.claim(conn, source, objects)])


def test_an_object_announced_fifty_times_is_claimed_once(
    conn: Any, source: str, listed: Callable[..., list[ObjectVersion]]
) -> None:
    assert len(ledger.claim(conn, source, listed(1) * 50)) == 1


def test_a_seen_object_is_claimed_later(conn: Any, source: str, listed: Callable[..., list[ObjectVersion]]) -> None:
    assert ledger.see(conn, source, listed(2)) == 2
    assert ledger.see(conn, source, listed(2)) == 0
    (one, other) = ledger.find(conn, source=source)
    assert one.state == other.state == "seen"
    assert [again.id for again in ledger.claim(conn, source, listed(1))] == [one.id]
    assert [move.to_state for move in ledger.history(conn, one.id)] == ["seen", "claimed"]
