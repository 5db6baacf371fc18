"""Publish from the catalog's outbox to Elasticsearch, on real servers."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from mediaindex.catalog.base.connection import connect as connect_catalog
from mediaindex.catalog.base.connection import transaction
from mediaindex.catalog.batches.retry_policy import RetryPolicy
from mediaindex.catalog.ledger import departures, ledger
from mediaindex.catalog.transcripts import publications, publishing_locks
from mediaindex.contract.states import ObjectState, StateReason
from mediaindex.errors import ConfigError, TransientError
from mediaindex.search import Hit, Indexes, PublishCounts, connect, outbox, publish, publish_pending, search
from tests.builders.killed import run_killed
from tests.builders.recordings import Recorded

pytestmark = pytest.mark.servers
Find = Callable[..., list[Hit]]
Load = Callable[..., Recorded]
AT_ONCE = RetryPolicy(first_wait_s=0.0)


def test_a_due_recording_is_published_and_leaves_the_outbox(
    conn: Any, client: Elasticsearch, indexes: Indexes, load: Load, find: Find
) -> None:
    load("talk", "hello there", "here is the weather")
    assert publish_pending(conn, client, indexes=indexes) == PublishCounts(published=1, failed=0, turns=2)
    assert [(hit.key, hit.start_of_match) for hit in find("weather")] == [("talk.mp3", 103.0)]
    assert publications.pending(conn) == []


def test_a_published_recording_is_found_immediately(
    conn: Any, client: Elasticsearch, indexes: Indexes, load: Load
) -> None:
    load("talk", "weather")
    publish_pending(conn, client, indexes=indexes)
    assert len(search(client, "weather", indexes=indexes)) == 1


def test_a_new_transcript_replaces_the_old_one_and_back(
    conn: Any, client: Elasticsearch, indexes: Indexes, load: Load, find: Find
) -> None:
    long, short = ("rain first", "rain second", "rain third"), ("rain only",)
    for turns in (long, short, long):
        load("talk", *turns)
        publish_pending(conn, client, indexes=indexes)
        assert sorted(hit.text for hit in find("rain")) == sorted(turns)


def test_a_refused_recording_does_not_stop_the_others(
    conn: Any, client: Elasticsearch, indexes: Indexes, load: Load, find: Find
) -> None:
    load("bad", "weather", speaker="x" * 40_000)  # longer than the limit of a keyword
    load("good", "weather")
    assert publish_pending(conn, client, indexes=indexes) == PublishCounts(published=1, failed=1, turns=1)
    assert [hit.key for hit in find("weather")] == ["good.mp3"]
    assert publications.pending(conn) == []  # it waits
    assert waiting(conn) == [(1, True, True)]


def waiting(conn: Any) -> list[tuple[int, bool, bool]]:
    """Attempts, whether it has an error, and whether it waits, per unpublished recording."""
    with transaction(conn) as cursor:
        cursor.execute(
            "select attempts, last_error is not null, not_before > now() from publication "
            "where published_at is null order by id"
        )
        return list(cursor.fetchall())


def test_a_refused_recording_is_tried_again_after_its_wait(
    conn: Any, client: Elasticsearch, indexes: Indexes, load: Load
) -> None:
    load("bad", "weather", speaker="x" * 40_000)
    for attempts in (1, 2):
        assert publish_pending(conn, client, indexes=indexes, retries=AT_ONCE).failed == 1
        assert waiting(conn) == [(attempts, True, False)]


def test_nothing_leaves_the_outbox_during_an_outage(conn: Any, load: Load) -> None:
    load("talk", "weather")
    with pytest.raises(TransientError):
        publish_pending(conn, connect("http://127.0.0.1:1"))
    assert [due.attempts for due in publications.pending(conn)] == [0]


def test_the_next_run_completes_a_recording_after_an_outage(
    conn: Any, client: Elasticsearch, indexes: Indexes, load: Load, find: Find
) -> None:
    load("talk", "weather one", "weather two")
    # The recording's document is written, its turns are not.
    client.indices.put_settings(index=indexes.turns, settings={"index.blocks.write": True})
    with pytest.raises(TransientError):
        publish_pending(conn, client, indexes=indexes, retries=AT_ONCE)
    assert (len(publications.pending(conn)), find("weather")) == (1, [])
    client.indices.put_settings(index=indexes.turns, settings={"index.blocks.write": None})
    publish_pending(conn, client, indexes=indexes)
    assert (publications.pending(conn), len(find("weather"))) == ([], 2)


def test_after_a_few_failures_in_a_row_the_rest_is_skipped(
    conn: Any, client: Elasticsearch, indexes: Indexes, load: Load
) -> None:
    for number in range(7):
        load(f"talk {number}", "weather")
    client.indices.put_settings(index=indexes.recordings, settings={"index.blocks.write": True})
    with pytest.raises(TransientError):
        publish_pending(conn, client, indexes=indexes)
    assert [attempts for attempts, *_ in waiting(conn)] == [1] * 5 + [0] * 2


def test_missing_indexes_count_no_attempt(conn: Any, client: Elasticsearch, load: Load) -> None:
    load("talk", "weather")
    with pytest.raises(ConfigError):
        publish_pending(conn, client, indexes=Indexes("test-never-prepared"))
    assert [due.attempts for due in publications.pending(conn)] == [0]


def test_at_most_limit_recordings_are_published(conn: Any, client: Elasticsearch, indexes: Indexes, load: Load) -> None:
    for name in ("one", "two", "three"):
        load(name, "weather")
    assert publish_pending(conn, client, limit=2, indexes=indexes).published == 2
    assert len(publications.pending(conn)) == 1


def test_parallel_publishers_duplicate_nothing(
    conn: Any, catalog_url: str, client: Elasticsearch, indexes: Indexes, load: Load, find: Find
) -> None:
    for name in ("one", "two", "three", "four"):
        load(name, "weather", "weather again")

    def run(_: int) -> PublishCounts:
        with connect_catalog(catalog_url) as own:
            return publish_pending(own, client, indexes=indexes)

    with ThreadPoolExecutor(4) as pool:
        assert sum(counts.failed for counts in pool.map(run, range(4))) == 0
    assert (len(find("weather")), publications.pending(conn)) == (8, [])


def leave(conn: Any, recorded: Recorded) -> None:
    ledger.set_state(conn, recorded.id, ObjectState.GONE, code=StateReason.REMOVED)


def test_a_deleted_object_is_withdrawn(
    conn: Any, client: Elasticsearch, indexes: Indexes, load: Load, find: Find
) -> None:
    talk = load("talk", "weather one", "weather two")
    load("other", "weather")
    publish_pending(conn, client, indexes=indexes)
    leave(conn, talk)
    assert publish_pending(conn, client, indexes=indexes) == PublishCounts(published=1, withdrawn=1)
    assert [hit.key for hit in find("weather")] == ["other.mp3"]
    client.indices.refresh(index=indexes.recordings)
    assert client.count(index=indexes.recordings)["count"] == 1  # the alias hides the tombstone
    assert publications.pending(conn) == []


def test_a_withdrawal_is_not_overtaken_by_an_older_publisher(
    conn: Any, client: Elasticsearch, indexes: Indexes, load: Load, find: Find
) -> None:
    talk = load("talk", "weather")
    (due,) = publications.pending(conn)
    late = publications.load_for_publication(conn, due.transcript_id or 0)  # read, then delayed
    leave(conn, talk)
    publish_pending(conn, client, indexes=indexes)
    assert publish(client, late, indexes) == 0
    assert find("weather") == []


def test_a_withdrawn_recording_is_published_again(
    conn: Any, client: Elasticsearch, indexes: Indexes, load: Load, find: Find
) -> None:
    talk = load("talk", "weather")
    leave(conn, talk)
    publish_pending(conn, client, indexes=indexes)
    load("talk", "weather")
    publish_pending(conn, client, indexes=indexes)
    assert len(find("weather")) == 1


def test_two_withdrawals_are_one_row(conn: Any, load: Load) -> None:
    talk = load("talk", "weather")
    for _ in range(2):
        with transaction(conn) as cursor:
            departures.withdraw(cursor, talk.audio)
    assert [due.kind for due in publications.pending(conn)] == ["withdraw"]


def test_a_recording_locked_by_another_publisher_is_skipped(
    conn: Any, catalog_url: str, client: Elasticsearch, indexes: Indexes, load: Load, find: Find
) -> None:
    talk = load("talk", "weather")
    load("other", "weather")
    with connect_catalog(catalog_url) as theirs, publishing_locks.publishing(theirs, talk.audio) as held:
        assert held
        assert publish_pending(conn, client, indexes=indexes).published == 1
    assert publish_pending(conn, client, indexes=indexes).published == 1
    assert len(find("weather")) == 2


@pytest.mark.parametrize("newer", [False, True], ids=["published", "a-newer-one-is-due"])
def test_a_publisher_looks_again_under_its_lock(
    conn: Any, client: Elasticsearch, indexes: Indexes, load: Load, newer: bool
) -> None:
    load("talk", "weather")
    (due,) = publications.pending(conn)  # read, then delayed by other recordings
    if newer:
        load("talk", "new weather")
    else:
        publish_pending(conn, client, indexes=indexes)
    assert outbox._publish_one(conn, client, due, indexes) == PublishCounts()
    assert len(publications.pending(conn)) == newer


# Kills itself by SIGKILL at the nth request to Elasticsearch: before it is sent, or after its answer.
KILLED = """
import os, signal, sys
from elastic_transport import Transport
from mediaindex.catalog.base.connection import connect as catalog
from mediaindex.search import Indexes, from_environment, publish_pending
url, prefix, fatal, after = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4] == "after"
requests, real = 0, Transport.perform_request
def perform(self, *args, **kwargs):
    global requests
    requests += 1
    if requests == fatal and not after: os.kill(os.getpid(), signal.SIGKILL)
    answer = real(self, *args, **kwargs)
    if requests == fatal: os.kill(os.getpid(), signal.SIGKILL)
    return answer
Transport.perform_request = perform
with catalog(url) as conn:
    publish_pending(conn, from_environment(), indexes=Indexes(prefix))
"""


@pytest.mark.parametrize(
    ("fatal", "moment"), [(1, "after"), (2, "after"), (5, "before"), (6, "after"), (8, "after"), (9, "before")]
)
def test_the_next_publisher_completes_the_work_of_a_killed_one(
    conn: Any,
    catalog_url: str,
    client: Elasticsearch,
    indexes: Indexes,
    load: Load,
    find: Find,
    fatal: int,
    moment: str,
) -> None:
    gone = load("gone", "rain one", "rain two")
    load("talk", "old weather", "more weather")
    publish_pending(conn, client, indexes=indexes)
    load("talk", "new weather")
    leave(conn, gone)
    run_killed(conn, KILLED, catalog_url, indexes.prefix, str(fatal), moment)
    publish_pending(conn, client, indexes=indexes)
    assert [hit.text for hit in find("weather")] == ["new weather"]
    assert find("rain") == []
    assert publications.pending(conn) == []
