"""From the catalog's outbox into Elasticsearch: both servers are real."""

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
from mediaindex.errors import ConfigError, TransientError
from mediaindex.search import Hit, Indexes, PublishCounts, connect, publish, publish_pending, search
from tests.builders.killed import run_killed
from tests.builders.recordings import Recorded

pytestmark = pytest.mark.servers
Find = Callable[..., list[Hit]]
Load = Callable[..., Recorded]
AT_ONCE = RetryPolicy(first_wait_s=0.0)


def test_what_is_due_is_found_at_its_second_and_leaves_the_outbox(
    conn: Any, client: Elasticsearch, indexes: Indexes, load: Load, find: Find
) -> None:
    load("talk", "hello there", "here is the weather")
    assert publish_pending(conn, client, indexes=indexes) == PublishCounts(published=1, failed=0, turns=2)
    assert [(hit.key, hit.start_of_match) for hit in find("weather")] == [("talk.mp3", 103.0)]
    assert publications.pending(conn) == []


def test_what_is_published_can_be_found_at_once(conn: Any, client: Elasticsearch, indexes: Indexes, load: Load) -> None:
    load("talk", "weather")
    publish_pending(conn, client, indexes=indexes)
    assert len(search(client, "weather", indexes=indexes)) == 1


def test_a_new_transcript_replaces_and_going_back_brings_the_old_one_back(
    conn: Any, client: Elasticsearch, indexes: Indexes, load: Load, find: Find
) -> None:
    long, short = ("rain first", "rain second", "rain third"), ("rain only",)
    for turns in (long, short, long):
        load("talk", *turns)
        publish_pending(conn, client, indexes=indexes)
        assert sorted(hit.text for hit in find("rain")) == sorted(turns)


def test_a_recording_that_is_refused_is_noted_and_stops_no_other(
    conn: Any, client: Elasticsearch, indexes: Indexes, load: Load, find: Find
) -> None:
    load("bad", "weather", speaker="x" * 40_000)  # longer than a keyword of Elasticsearch may be
    load("good", "weather")
    assert publish_pending(conn, client, indexes=indexes) == PublishCounts(published=1, failed=1, turns=1)
    assert [hit.key for hit in find("weather")] == ["good.mp3"]
    assert publications.pending(conn) == []  # its time has not come
    assert waiting(conn) == [(1, True, True)]


def waiting(conn: Any) -> list[tuple[int, bool, bool]]:
    """Attempts, whether there is an error, and whether it waits, of each that is not published."""
    with transaction(conn) as cursor:
        cursor.execute(
            "select attempts, last_error is not null, not_before > now() from publication "
            "where published_at is null order by id"
        )
        return list(cursor.fetchall())


def test_a_refused_one_is_tried_again_when_its_time_has_come(
    conn: Any, client: Elasticsearch, indexes: Indexes, load: Load
) -> None:
    load("bad", "weather", speaker="x" * 40_000)
    for attempts in (1, 2):
        assert publish_pending(conn, client, indexes=indexes, retries=AT_ONCE).failed == 1
        assert waiting(conn) == [(attempts, True, False)]


def test_nothing_leaves_the_outbox_while_elasticsearch_is_away(conn: Any, load: Load) -> None:
    load("talk", "weather")
    with pytest.raises(TransientError):
        publish_pending(conn, connect("http://127.0.0.1:1"))
    assert [due.attempts for due in publications.pending(conn)] == [0]


def test_an_outage_in_the_middle_of_a_recording_is_made_good_by_the_next_run(
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


def test_while_nothing_can_be_written_only_a_few_are_tried(
    conn: Any, client: Elasticsearch, indexes: Indexes, load: Load
) -> None:
    for number in range(7):
        load(f"talk {number}", "weather")
    client.indices.put_settings(index=indexes.recordings, settings={"index.blocks.write": True})
    with pytest.raises(TransientError):
        publish_pending(conn, client, indexes=indexes)
    assert [attempts for attempts, *_ in waiting(conn)] == [1] * 5 + [0] * 2


def test_without_indexes_no_recording_is_blamed(conn: Any, client: Elasticsearch, load: Load) -> None:
    load("talk", "weather")
    with pytest.raises(ConfigError):
        publish_pending(conn, client, indexes=Indexes("test-never-prepared"))
    assert [due.attempts for due in publications.pending(conn)] == [0]


def test_the_limit_holds(conn: Any, client: Elasticsearch, indexes: Indexes, load: Load) -> None:
    for name in ("one", "two", "three"):
        load(name, "weather")
    assert publish_pending(conn, client, limit=2, indexes=indexes).published == 2
    assert len(publications.pending(conn)) == 1


def test_publishers_at_once_double_nothing(
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
    ledger.set_state(conn, recorded.id, "gone", code="deleted")


def test_what_left_the_bucket_leaves_the_search(
    conn: Any, client: Elasticsearch, indexes: Indexes, load: Load, find: Find
) -> None:
    talk = load("talk", "weather one", "weather two")
    load("other", "weather")
    publish_pending(conn, client, indexes=indexes)
    leave(conn, talk)
    assert publish_pending(conn, client, indexes=indexes) == PublishCounts(published=1, withdrawn=1)
    assert [hit.key for hit in find("weather")] == ["other.mp3"]
    client.indices.refresh(index=indexes.recordings)
    assert client.count(index=indexes.recordings)["count"] == 1  # the mark is nobody's recording
    assert publications.pending(conn) == []


def test_a_withdrawal_is_not_overtaken_by_an_older_publisher(
    conn: Any, client: Elasticsearch, indexes: Indexes, load: Load, find: Find
) -> None:
    talk = load("talk", "weather")
    (due,) = publications.pending(conn)
    late = publications.load_for_publication(conn, due.transcript_id or 0)  # read, and then held up
    leave(conn, talk)
    publish_pending(conn, client, indexes=indexes)
    assert publish(client, late, indexes) == 0
    assert find("weather") == []


def test_what_comes_back_is_found_again(
    conn: Any, client: Elasticsearch, indexes: Indexes, load: Load, find: Find
) -> None:
    talk = load("talk", "weather")
    leave(conn, talk)
    publish_pending(conn, client, indexes=indexes)
    load("talk", "weather")
    publish_pending(conn, client, indexes=indexes)
    assert len(find("weather")) == 1


def test_withdrawing_twice_is_one_row(conn: Any, load: Load) -> None:
    talk = load("talk", "weather")
    for _ in range(2):
        with transaction(conn) as cursor:
            departures.withdraw(cursor, talk.audio)
    assert [due.kind for due in publications.pending(conn)] == ["withdraw"]


def test_a_recording_that_another_publisher_has_is_left_to_it(
    conn: Any, catalog_url: str, client: Elasticsearch, indexes: Indexes, load: Load, find: Find
) -> None:
    talk = load("talk", "weather")
    load("other", "weather")
    with connect_catalog(catalog_url) as theirs, publishing_locks.publishing(theirs, talk.audio) as held:
        assert held
        assert publish_pending(conn, client, indexes=indexes).published == 1
    assert publish_pending(conn, client, indexes=indexes).published == 1
    assert len(find("weather")) == 2


# Ends itself by SIGKILL at the nth request to Elasticsearch: before it is sent, or when its answer has come.
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
def test_a_publisher_killed_at_any_request_leaves_work_that_the_next_one_ends(
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
