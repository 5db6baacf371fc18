from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from mediaindex.catalog.base.connection import connect
from mediaindex.catalog.transcripts import publications, publishing_locks, transcripts
from mediaindex.errors import TerminalError

pytestmark = pytest.mark.servers
Make = Callable[..., Any]


@pytest.fixture
def loaded(conn: Any, batch: Make, passes: Make, sha256: Make, assessed: Make) -> tuple[int, Callable[[str], int]]:
    """A batch with one recording, and how to load a transcript of it."""
    batch_id, (one,) = batch(1)
    audio = sha256()
    passes(batch_id, "normalize", {one: audio}, duration=9.0, title="A talk")

    def load(fingerprint: str) -> int:
        assessment, topics = assessed()
        return transcripts.load(
            conn, media_object_id=one, audio_sha256=audio, assessment=assessment, topics=topics, fingerprint=fingerprint
        )

    return batch_id, load


def test_a_loaded_transcript_is_pending_until_published(conn: Any, loaded: Any) -> None:
    batch_id, load = loaded
    id_ = load("f1")
    (due,) = publications.pending(conn, batch_id=batch_id)
    assert due.transcript_id == id_
    publications.mark_published(conn, due.id)
    assert publications.pending(conn, batch_id=batch_id) == []


def test_the_newest_publication_settles_older_ones(conn: Any, loaded: Any) -> None:
    batch_id, load = loaded
    load("f1")
    newest = load("f2")
    (due,) = publications.pending(conn, batch_id=batch_id)
    assert due.transcript_id == newest
    publications.mark_published(conn, due.id)
    with conn.cursor() as cursor:
        cursor.execute(
            "select count(*) from publication where audio_sha256 = %s and published_at is null", (due.audio_sha256,)
        )
        assert cursor.fetchone() == (0,)


def test_publishing_an_older_one_leaves_the_newer_pending(conn: Any, loaded: Any) -> None:
    batch_id, load = loaded
    load("f1")
    (older,) = publications.pending(conn, batch_id=batch_id)
    newest = load("f2")
    publications.mark_published(conn, older.id)
    assert [due.transcript_id for due in publications.pending(conn, batch_id=batch_id)] == [newest]


def test_published_recordings_are_queued_again_and_counted(conn: Any, loaded: Any, sha256: Make) -> None:
    batch_id, load = loaded
    id_ = load("f1")
    (due,) = publications.pending(conn, batch_id=batch_id)
    publications.mark_published(conn, due.id)
    assert publications.requeue(conn, [due.audio_sha256, sha256()]) == 1
    (again,) = publications.pending(conn, batch_id=batch_id)
    assert (again.transcript_id, again.id > due.id) == (id_, True)


def test_a_failed_publication_stays_pending(conn: Any, loaded: Any) -> None:
    batch_id, load = loaded
    load("f1")
    (due,) = publications.pending(conn, batch_id=batch_id)
    publications.mark_failed(conn, due.id, "cluster away")
    (again,) = publications.pending(conn, batch_id=batch_id)
    assert (again.id, again.attempts, again.last_error) == (due.id, 1, "cluster away")


def test_a_publication_has_its_object_and_recording(conn: Any, loaded: Any, source: str) -> None:
    _, load = loaded
    facts = publications.load_for_publication(conn, load("f1"))
    assert (facts.source, facts.bucket, facts.key) == (source, source, "clip 00000.wav")
    assert (facts.title, facts.duration, facts.published_at.year) == ("A talk", 9.0, 2025)


def test_an_unknown_transcript_is_refused(conn: Any) -> None:
    with pytest.raises(TerminalError, match="not in the catalog"):
        publications.load_for_publication(conn, 2**40)


def test_a_publication_has_the_data_of_feed_and_key(conn: Any, loaded: Any) -> None:
    _, load = loaded
    id_ = load("f1")
    with conn.cursor() as cursor:
        cursor.execute(
            'update media_object o set metadata = \'{"show": "news"}\' from transcript t '
            "where t.id = %s and o.id = t.media_object_id returning o.source, o.bucket, o.key",
            (id_,),
        )
        ((source, bucket, key),) = cursor.fetchall()
        cursor.execute("insert into feed (source, url) values (%s, 'https://a.example/feed') returning id", (source,))
        ((feed,),) = cursor.fetchall()
        cursor.execute(
            "insert into episode (feed_id, guid, guid_sha256, title, published_at, url, bucket, key) "
            "values (%s, 'g', repeat('a', 64), 'Episode 7', '2020-02-03T00:00:00Z', 'https://a.example/7', %s, %s)",
            (feed, bucket, key),
        )
    conn.commit()
    told = publications.load_for_publication(conn, id_)
    assert (told.title, told.published_at.date().isoformat()) == ("Episode 7", "2020-02-03")
    assert told.metadata == {"show": "news"}


def test_locks_of_publishers_end_with_their_block(
    conn: Any, database_url: str, sha256: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing_locks, "TRIES", 1)
    audio = sha256()
    with connect(database_url) as other:
        with publishing_locks.publishing(conn, audio) as mine, publishing_locks.publishing(other, audio) as theirs:
            assert (mine, theirs) == (True, False)
        with publishing_locks.publishing(other, audio) as theirs:
            assert theirs
        with publishing_locks.publishing_blocked(other):  # nobody publishes
            pass
        with publishing_locks.publishing(conn, audio) as mine:
            assert mine


def test_a_long_transcript_is_read_fast_before_analyze(
    conn: Any, batch: Callable[..., Any], passes: Callable[..., Any], assessed: Callable[..., Any], sha256: Any
) -> None:
    # Statistics of a small catalog say that a transcript that is not among them has one row or none.
    batch_id, objects = batch(4)
    audios = [sha256() for _ in objects]
    passes(batch_id, "normalize", dict(zip(objects, audios, strict=True)), duration=4_000.0)
    ids = []
    for number, (one, audio) in enumerate(zip(objects, audios, strict=True)):
        long = number == len(objects) - 1
        if long:
            analyse(conn)
        assessment, topics = assessed(900 if long else 2)
        ids.append(
            transcripts.load(
                conn, media_object_id=one, audio_sha256=audio, assessment=assessment, topics=topics, fingerprint="f"
            )
        )

    def seconds() -> float:
        began = time.perf_counter()
        assert len(publications.load_for_publication(conn, ids[-1]).turns) == 900
        return time.perf_counter() - began

    # The least of several: a busy machine makes some of them slow, and hardly ever all.
    unknown = min(seconds() for _ in range(8))
    analyse(conn)
    known = min(seconds() for _ in range(8))
    assert unknown < 10 * known


def analyse(conn: Any) -> None:
    with conn, conn.cursor() as cursor:
        cursor.execute("analyze transcript, turn, word, topic, topic_mention")
