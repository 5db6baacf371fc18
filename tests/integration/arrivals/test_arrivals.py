"""Listings write objects of the bucket into the ledger."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mediaindex.catalog.base.connection import connect
from mediaindex.catalog.ledger import ledger
from mediaindex.config.sources import Source
from mediaindex.contract.states import ObjectState, SeenBy
from mediaindex.orchestration import discovery
from mediaindex.orchestration.arrivals import Arrivals
from mediaindex.storage.media import list_objects

pytestmark = pytest.mark.servers

Put = Callable[..., None]
Sources = Callable[..., Source]
States = Callable[[], dict[str, Any]]


def listing(conn: Any, client: Any, source: Source, prefix: str = "", **more: Any) -> int:
    """List the source. Returns the number of listed objects."""
    found = Arrivals(conn, client, source, SeenBy.LISTING)
    found.look_again()
    listed = discovery.take_listing(found, prefix, **more)
    discovery.await_settling(found)
    return listed


def test_a_new_object_is_claimed_with_the_facts_in_its_key(
    conn: Any, client: Any, put: Put, source: Sources, bucket: str
) -> None:
    put("news/2025-03-01.wav", "news/notes.txt")
    one = source(include=["*.wav"], metadata=r"(?P<show>[^/]+)/(?P<date>[\d-]+)")
    listing(conn, client, one)
    (claimed,) = ledger.find(conn, bucket=bucket)
    with conn, conn.cursor() as cursor:
        cursor.execute("select metadata, first_seen_by from media_object where id = %s", (claimed.id,))
        assert cursor.fetchone() == ({"show": "news", "date": "2025-03-01"}, "listing")
    assert [event.to_state for event in ledger.history(conn, claimed.id)] == ["seen", "claimed"]


def test_a_known_object_is_not_new(conn: Any, client: Any, put: Put, source: Sources) -> None:
    one = source()
    put("a.wav")
    assert discovery.is_something_new(conn, client, one, "")
    listing(conn, client, one)
    assert not discovery.is_something_new(conn, client, one, "")
    put("b.wav")
    assert discovery.is_something_new(conn, client, one, "")


def test_an_object_that_is_written_again_with_the_same_content_gets_its_new_date(
    conn: Any, client: Any, put: Put, source: Sources, states: States, bucket: str
) -> None:
    put("a.wav")
    listing(conn, client, source())
    with conn, conn.cursor() as cursor:
        cursor.execute(
            "update media_object set last_modified = now() - interval '40 days', media_removed_at = now() "
            "where bucket = %s",
            (bucket,),
        )
    listing(conn, client, source())
    with conn, conn.cursor() as cursor:
        cursor.execute(
            "select last_modified > now() - interval '1 hour', media_removed_at from media_object where bucket = %s",
            (bucket,),
        )
        assert cursor.fetchall() == [(True, None)]
    assert states() == {"a.wav": "claimed"}


def test_a_prefix_is_not_a_pattern(conn: Any, client: Any, put: Put, source: Sources, states: States) -> None:
    put("in[*?/a.wav", "in[xx/b.wav", "inx/c.wav")
    one = source()
    assert discovery.is_something_new(conn, client, one, "in[*?/")
    listing(conn, client, one, "in[*?/")
    assert states() == {"in[*?/a.wav": "claimed"}


def test_an_empty_object_is_quarantined_and_a_folder_is_ignored(
    conn: Any, client: Any, put: Put, source: Sources, states: States
) -> None:
    put("in/", "in/a.wav", body=b"")
    listing(conn, client, source())
    assert states() == {"in/a.wav": ("quarantined", "empty")}


def test_an_object_that_was_just_written_settles_first(
    conn: Any, client: Any, put: Put, source: Sources, states: States
) -> None:
    one, before = source(settle_seconds=1), datetime.now(UTC)
    put("a.wav")
    found = Arrivals(
        conn, client, one, SeenBy.LISTING, clock=lambda: before
    )  # independent of the duration of upload and check
    discovery.take_listing(found, "")
    assert states() == {"a.wav": ("seen", "settling")}
    found.clock = lambda: datetime.now(UTC)
    discovery.await_settling(found)
    assert states() == {"a.wav": "claimed"}


def test_an_object_that_is_replaced_or_removed_while_it_waits_is_gone(
    conn: Any, client: Any, put: Put, source: Sources, states: States, bucket: str
) -> None:
    put("a.wav", "b.wav", body=bytes(100))
    listing(conn, client, source())
    assert set(states().values()) == {("seen", "unwritten")}
    put("a.wav")
    client.delete_object(Bucket=bucket, Key="b.wav")
    wake(conn, bucket)
    again = Arrivals(conn, client, source(), SeenBy.LISTING)
    assert (again.look_again(), again.claimed) == (1, 1)  # not only by the next listing
    assert states() == {"a.wav": "claimed", "b.wav": ("gone", "removed")}
    assert len(ledger.find(conn, bucket=bucket, key="a.wav", states=[ObjectState.GONE])) == 1


def test_raw_audio_may_begin_with_silence(conn: Any, client: Any, put: Put, source: Sources, states: States) -> None:
    put("a.raw", body=bytes(100))
    listing(conn, client, source(raw_format={}))
    assert states() == {"a.raw": "claimed"}


def test_with_order_keys_only_later_keys_are_listed_until_a_full_listing_is_due(
    conn: Any, client: Any, put: Put, source: Sources, states: States
) -> None:
    one = source(listing={"order": "keys", "overlap_minutes": 0})
    put("1", "2", "3")
    assert listing(conn, client, one) == 3
    put("4", "0")
    assert listing(conn, client, one) == 1  # an earlier key that came late is not listed
    assert "0" not in states()
    assert listing(conn, client, one, whole=True) == 5  # a full listing has it
    assert states()["0"] == "claimed"
    assert listing(conn, client, one) == 0


def test_young_keys_are_listed_again_because_uploads_may_finish_in_another_order(
    conn: Any, client: Any, put: Put, source: Sources, states: States
) -> None:
    one = source(listing={"order": "keys", "overlap_minutes": 60})
    put("1", "3")
    listing(conn, client, one)
    put("2")
    assert listing(conn, client, one) == 3
    assert states()["2"] == "claimed"


def test_concurrent_listings_claim_each_object_once(
    client: Any, put: Put, source: Sources, bucket: str, database_url: str
) -> None:
    put(*(f"{n}.wav" for n in range(20)))
    page = list(list_objects(client, bucket))

    def take(number: int) -> int:
        with connect(database_url) as own:
            return Arrivals(own, client, source(), SeenBy.EVENT if number % 2 else SeenBy.LISTING).take(page)

    with ThreadPoolExecutor(10) as pool:
        assert sum(pool.map(take, range(50))) == 20


def test_an_object_that_a_crash_left_as_seen_is_claimed_later(
    conn: Any, client: Any, put: Put, source: Sources, states: States, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put("a.wav")

    def crash(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(ledger, "claim", crash)
        with pytest.raises(KeyboardInterrupt):
            listing(conn, client, source())
    assert states() == {"a.wav": "seen"}
    assert discovery.is_something_new(conn, client, source(), "")
    listing(conn, client, source())
    assert states() == {"a.wav": "claimed"}


def test_a_clock_behind_the_servers_only_delays(
    conn: Any, client: Any, put: Put, source: Sources, states: States
) -> None:
    one = source(settle_seconds=1)
    put("a.wav")
    behind = Arrivals(conn, client, one, SeenBy.LISTING, clock=lambda: datetime.now(UTC) - timedelta(hours=1))
    discovery.take_listing(behind, "")
    discovery.await_settling(behind)
    assert states() == {"a.wav": "claimed"}


def wake(conn: Any, bucket: str) -> None:
    """End the waits of the bucket's objects."""
    with conn, conn.cursor() as cursor:
        cursor.execute("update media_object set not_before = null where bucket = %s", (bucket,))
