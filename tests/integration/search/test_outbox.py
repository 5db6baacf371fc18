"""From the catalog's outbox into Elasticsearch: both servers are real."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import psycopg2
import pytest
from elasticsearch import Elasticsearch

from mediaindex.catalog import batches, ledger, publications, stage_runs, transcripts
from mediaindex.catalog.connection import connect as connect_catalog
from mediaindex.catalog.migrate import migrate
from mediaindex.errors import ConfigError, TransientError
from mediaindex.runner.job import ItemResult, JobResult, Usage
from mediaindex.search import Hit, Indexes, PublishCounts, connect, publish_pending, search
from mediaindex.stages.results import Assessment, Topics
from mediaindex.storage.objects import ObjectVersion
from mediaindex.timeline import Transcript, Turn, Word

pytestmark = pytest.mark.servers
Find = Callable[..., list[Hit]]
Load = Callable[..., None]


@pytest.fixture(scope="module")
def catalog_url() -> Iterator[str]:
    """A migrated database of these tests alone."""
    server = os.environ.get("MEDIAINDEX_DATABASE_URL")
    if not server:
        pytest.skip("MEDIAINDEX_DATABASE_URL is not set: `make up` starts a server")
    name = f"mediaindex_test_{uuid.uuid4().hex[:12]}"
    admin = psycopg2.connect(server)
    admin.autocommit = True
    with admin.cursor() as cursor:
        cursor.execute(f"create database {name}")
        url = f"{server.rpartition('/')[0]}/{name}"
        with connect_catalog(url) as conn:
            migrate(conn)
        yield url
        cursor.execute(f"drop database {name} with (force)")
    admin.close()


@pytest.fixture
def conn(catalog_url: str) -> Iterator[Any]:
    with connect_catalog(catalog_url) as opened:
        yield opened
        with opened.cursor() as cursor:  # what a test leaves due must not reach the next
            cursor.execute("update publication set published_at = now()")


@pytest.fixture
def load(conn: Any) -> Load:
    """``load(name, *turns)``: a transcript of the recording ``name`` becomes current; its words a second each."""
    objects: dict[str, int] = {}

    def load(name: str, *turns: str, speaker: str = "SPEAKER_00") -> None:
        audio = f"{uuid.uuid5(uuid.NAMESPACE_URL, name).hex * 2}"
        if name not in objects:
            objects[name] = _normalized(conn, name, audio)
        transcripts.load(
            conn,
            media_object_id=objects[name],
            audio_sha256=audio,
            assessment=_assessment(turns, speaker),
            topics=Topics((), turns),
            fingerprint=repr(turns),
        )

    return load


def _normalized(conn: Any, name: str, audio: str) -> int:
    bucket = f"bucket-{uuid.uuid4().hex[:8]}"
    version = ObjectVersion(bucket, f"{name}.mp3", "etag", None, 1000, datetime(2026, 1, 2, tzinfo=UTC))
    (claimed,) = ledger.claim(conn, bucket, [version])
    (batch_id,) = batches.plan(conn, bucket)
    usage = Usage(wall_s=1, cpu_s=1, peak_mb=1, audio_s=100)
    result = ItemResult(
        id=str(claimed.id), status="done", audio_sha256=audio, fingerprint="n", engine="n", summary={}, usage=usage
    )
    stage_runs.record(conn, batch_id, JobResult(stage="normalize", items=(result,)))
    return claimed.id


def _assessment(turns: tuple[str, ...], speaker: str) -> Assessment:
    said = []
    for number, text in enumerate(turns):
        words = tuple(
            Word(100.0 * number + at, 100.0 * number + at + 0.5, word, 0.9) for at, word in enumerate(text.split())
        )
        said.append(Turn(words[0].start, words[-1].end, speaker, "en", words))
    transcript = Transcript(0.0, 100.0 * len(turns), "en", "conformer", tuple(said), 0.9)
    return Assessment(transcript, transcript.confidence, 1.0, needs_review=False)


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
    (due,) = publications.pending(conn)
    assert (due.attempts, "speakers" in (due.last_error or "")) == (1, True)


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
        publish_pending(conn, client, indexes=indexes)
    assert (len(publications.pending(conn)), find("weather")) == (1, [])
    client.indices.put_settings(index=indexes.turns, settings={"index.blocks.write": None})
    publish_pending(conn, client, indexes=indexes)
    assert (publications.pending(conn), len(find("weather"))) == ([], 2)


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
