"""A rebuild from the catalog during searches and publications."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from mediaindex.catalog.base.connection import connect as connect_catalog
from mediaindex.catalog.base.connection import transaction
from mediaindex.catalog.ledger import ledger
from mediaindex.catalog.transcripts import publishing_locks
from mediaindex.contract.states import ObjectState
from mediaindex.errors import TerminalError
from mediaindex.search import Hit, Indexes, new_indexes, prepare, publish_pending, reindex, search
from mediaindex.search.setup import template
from tests.builders.killed import run_killed
from tests.builders.recordings import Recorded
from tests.builders.waiting import SOON_S, until

pytestmark = pytest.mark.servers
Find = Callable[..., list[Hit]]
Load = Callable[..., Recorded]


def concrete(client: Elasticsearch, indexes: Indexes) -> list[str]:
    return sorted(client.indices.get(index=f"{indexes.prefix}-*"))


def second(indexes: Indexes) -> list[str]:
    return [f"{indexes.recordings}-000002", f"{indexes.turns}-000002"]


def test_a_rebuild_has_everything_and_deletes_the_old_indexes(
    conn: Any, client: Elasticsearch, indexes: Indexes, load: Load, find: Find
) -> None:
    for number in range(5):
        load(f"talk {number}", "weather", "more weather")
    publish_pending(conn, client, indexes=indexes)
    client.delete_by_query(index=indexes.turns, query={"term": {"turn": 1}}, refresh=True)
    seen: list[tuple[int, int]] = []
    rebuilt = reindex(conn, client, indexes, progress=lambda done, whole: seen.append((done, whole)), linger=0)
    assert (rebuilt.recordings, rebuilt.turns, rebuilt.resumed_after) == (5, 10, 0)
    assert len(find("weather")) == 10
    assert concrete(client, indexes) == second(indexes)
    assert (seen[0], seen[-1]) == ((0, 5), (5, 5))


def test_an_outdated_index_is_updated(conn: Any, client: Elasticsearch, indexes: Indexes, load: Load) -> None:
    load("talk", "weather")
    client.indices.put_mapping(index=indexes.turns, meta={"version": 0})
    assert prepare(client, indexes).outdated
    reindex(conn, client, indexes, linger=0)
    assert prepare(client, indexes).outdated == ()


def test_searches_and_publications_continue_during_a_rebuild(
    conn: Any, catalog_url: str, client: Elasticsearch, indexes: Indexes, load: Load, find: Find
) -> None:
    for number in range(150):
        load(f"talk {number}", "weather", "more weather")
    removed = load("removed", "weather", "more weather")
    publish_pending(conn, client, indexes=indexes)
    over = threading.Event()
    counts: list[int] = []
    problems: list[BaseException] = []

    def look() -> None:
        try:
            while not over.is_set():
                counts.append(len(search(client, "weather", limit=1_000, indexes=indexes)))
        except Exception as error:  # asserted below
            problems.append(error)

    def change(done: int, _: int) -> None:
        """Between the pages of the rebuild: a new recording, a new transcript, a withdrawal, published elsewhere."""
        if done != 100:
            return
        load("new", "weather", "more weather")
        load("talk 0", "better weather", "and more weather")
        ledger.set_state(conn, removed.id, ObjectState.GONE)
        with connect_catalog(catalog_url) as other:
            assert publish_pending(other, client, indexes=indexes).published == 3

    searching = threading.Thread(target=look)
    searching.start()
    try:
        reindex(conn, client, indexes, progress=change, linger=1.0)
    finally:
        over.set()
        searching.join()
    assert problems == []
    assert set(counts) <= set(range(300, 307))  # 302 before; while the changes are made, two more, two more, two fewer
    assert len(find("weather", limit=1_000)) == 302
    assert len(find("better weather", phrase=True)) == 1
    assert {hit.key for hit in find("weather", limit=1_000)} == {f"talk {n}.mp3" for n in range(150)} | {"new.mp3"}


KILLED = """
import os, signal, sys
from mediaindex.catalog.base.connection import connect as catalog
from mediaindex.search import Indexes, from_environment, reindex
def die(done, whole):
    if done >= 100: os.kill(os.getpid(), signal.SIGKILL)
with catalog(sys.argv[1]) as conn:
    reindex(conn, from_environment(), Indexes(sys.argv[2]), progress=die)
"""


def test_a_killed_rebuild_is_resumed(
    conn: Any, catalog_url: str, client: Elasticsearch, indexes: Indexes, load: Load, find: Find
) -> None:
    talks = [load(f"talk {number}", "weather") for number in range(120)]
    publish_pending(conn, client, indexes=indexes)
    run_killed(conn, KILLED, catalog_url, indexes.prefix)
    assert len(find("weather", limit=1_000)) == 120
    load("talk 0", "no more rain")  # before or after the last written recording
    ledger.set_state(conn, min(talks[1:], key=lambda talk: talk.audio).id, ObjectState.GONE)  # was rebuilt
    publish_pending(conn, client, indexes=indexes)
    rebuilt = reindex(conn, client, indexes, linger=0)
    assert (rebuilt.resumed_after, rebuilt.recordings >= 19) == (100, True)
    assert (len(find("weather", limit=1_000)), len(find("rain"))) == (118, 1)
    assert concrete(client, indexes) == second(indexes)


def test_a_killed_rebuild_can_be_started_again(
    conn: Any, catalog_url: str, client: Elasticsearch, indexes: Indexes, load: Load, find: Find
) -> None:
    for number in range(110):
        load(f"talk {number}", "weather")
    run_killed(conn, KILLED, catalog_url, indexes.prefix)
    assert reindex(conn, client, indexes, fresh=True, linger=0).recordings == 110
    assert (len(find("weather", limit=1_000)), concrete(client, indexes)) == (110, second(indexes))


def test_an_unfinished_rebuild_by_an_older_template_is_deleted(
    conn: Any, client: Elasticsearch, indexes: Indexes, load: Load
) -> None:
    load("talk", "weather")
    for kind in ("turns", "recordings"):
        client.indices.create(index=indexes.concrete(kind, 2), mappings={"_meta": {"version": 0}})
    assert reindex(conn, client, indexes, linger=0).recordings == 1
    assert concrete(client, indexes) == second(indexes)


def test_indexes_of_two_unfinished_rebuilds_are_not_combined(
    conn: Any, client: Elasticsearch, indexes: Indexes, load: Load
) -> None:
    load("talk", "weather")
    for kind, since in (("turns", "2026-01-01T00:00:00+00:00"), ("recordings", "2026-01-02T00:00:00+00:00")):
        meta = template(kind)["_meta"] | {new_indexes.SINCE: since}
        client.indices.create(index=indexes.concrete(kind, 2), mappings={"_meta": meta})
    assert new_indexes.unfinished(client, indexes) is None
    assert reindex(conn, client, indexes, linger=0).recordings == 1


def test_rebuilt_indexes_refresh_by_themselves_like_the_old_ones(
    conn: Any, client: Elasticsearch, indexes: Indexes, load: Load
) -> None:
    def intervals() -> list[Any]:
        settings = client.indices.get_settings(index=[indexes.turns, indexes.recordings])
        return [answer["settings"]["index"].get("refresh_interval") for answer in settings.values()]

    load("talk", "weather")
    before = intervals()
    reindex(conn, client, indexes, linger=0)
    assert intervals() == before


def test_after_a_refused_document_the_old_indexes_stay_in_use(
    conn: Any, client: Elasticsearch, indexes: Indexes, load: Load, find: Find
) -> None:
    load("good", "weather")
    publish_pending(conn, client, indexes=indexes)
    load("bad", "weather", speaker="x" * 40_000)
    with pytest.raises(TerminalError, match="refused 1 of"):
        reindex(conn, client, indexes, linger=0)
    assert len(find("weather")) == 1
    with transaction(conn) as cursor:
        cursor.execute("update transcript set is_current = false")


def test_a_second_rebuild_is_refused(conn: Any, catalog_url: str, client: Elasticsearch, indexes: Indexes) -> None:
    with (
        connect_catalog(catalog_url) as other,
        publishing_locks.rebuilding(other),
        pytest.raises(TerminalError, match="Another rebuild"),
    ):
        reindex(conn, client, indexes, linger=0)


def test_the_switch_waits_for_a_publisher(
    conn: Any, catalog_url: str, client: Elasticsearch, indexes: Indexes, load: Load
) -> None:
    load("talk", "weather")

    def rebuild() -> None:
        with connect_catalog(catalog_url) as own:
            reindex(own, client, indexes, linger=0)

    def waits() -> bool:
        with transaction(conn) as cursor:
            cursor.execute(
                "select from pg_locks where locktype = 'advisory' and not granted and database = "
                "(select oid from pg_database where datname = current_database())"
            )
            return bool(cursor.rowcount)

    rebuilding = threading.Thread(target=rebuild)
    with connect_catalog(catalog_url) as other, publishing_locks.publishing(other, "a" * 64):
        rebuilding.start()
        until(waits, SOON_S, "the rebuild waits for the publisher")
        assert f"{indexes.turns}-000001" in client.indices.get_alias(name=indexes.turns)
    rebuilding.join(SOON_S)
    assert list(client.indices.get_alias(name=indexes.turns)) == [f"{indexes.turns}-000002"]
