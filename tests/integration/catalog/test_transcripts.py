from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import psycopg2
import pytest

from mediaindex.catalog.base.connection import connect
from mediaindex.catalog.transcripts import publications, transcripts
from mediaindex.contract.results import Topics, TurnText
from mediaindex.errors import TerminalError
from tests.builders.killed import named, sessions, wait_for_end
from tests.builders.waiting import SOON_S, until

pytestmark = pytest.mark.servers
Make = Callable[..., Any]
TABLES = ("transcript", "turn", "word", "topic", "topic_mention", "publication")


@pytest.fixture
def recording(batch: Make, passes: Make, sha256: Make) -> dict[str, Any]:
    """A recording that normalize has passed: what ``load`` asks of it."""
    batch_id, (one,) = batch(1)
    audio = sha256()
    passes(batch_id, "normalize", {one: audio}, duration=9.0)
    return {"media_object_id": one, "audio_sha256": audio}


def load(conn: Any, recording: dict[str, Any], assessed: tuple[Any, Any], fingerprint: str = "f1") -> int:
    assessment, topics = assessed
    return transcripts.load(conn, **recording, assessment=assessment, topics=topics, fingerprint=fingerprint)


def rows(conn: Any, audio_sha256: str) -> dict[str, int]:
    counts = {}
    with conn, conn.cursor() as cursor:
        for table in TABLES:
            key = "id" if table == "transcript" else "transcript_id"
            cursor.execute(
                f"select count(*) from {table} where {key} in (select id from transcript where audio_sha256 = %s)",  # noqa: S608
                (audio_sha256,),
            )
            counts[table] = cursor.fetchone()[0]
    return counts


ONE = {"transcript": 1, "turn": 2, "word": 20, "topic": 2, "topic_mention": 3, "publication": 1}


def test_a_transcript_is_read_back(conn: Any, recording: dict[str, Any], assessed: Make) -> None:
    assessment, topics = assessed(2)
    loaded = publications.load_for_publication(conn, load(conn, recording, (assessment, topics)))
    said = assessment.transcript
    assert (loaded.start, loaded.end, loaded.language, loaded.confidence) == (0.0, 9.0, "en", said.confidence)
    for turn, original, text in zip(loaded.turns, said.turns, topics.texts, strict=True):
        assert (turn.start, turn.end, turn.speaker, turn.text) == (
            original.start,
            original.end,
            original.speaker,
            text.text,
        )
        assert turn.word_starts == tuple(word.start for word in original.words)
    assert [turn.entities for turn in loaded.turns] == [("New York",)] * 2
    assert [turn.topics for turn in loaded.turns] == [('the "old" bridge',), ()]
    with conn.cursor() as cursor:
        cursor.execute("select text from word where transcript_id = %s order by word_index", (loaded.transcript_id,))
        assert [text for (text,) in cursor.fetchall()] == [word.text for word in said.words]


def test_a_text_with_other_words_keeps_the_spoken_ones(conn: Any, recording: dict[str, Any], assessed: Make) -> None:
    assessment, topics = assessed(2)
    read = TurnText("Ten in all", (1, 4, 9))
    merged = Topics(topics.topics, (read, topics.texts[1]))
    first, second = publications.load_for_publication(conn, load(conn, recording, (assessment, merged))).turns
    words = assessment.transcript.turns[0].words
    assert (first.text, first.word_starts) == ("Ten in all", tuple(words[place].start for place in read.places))
    assert first.spoken == " ".join(word.text for word in words)
    assert first.spoken_starts == tuple(word.start for word in words)
    assert (second.spoken, second.spoken_starts) == (None, ())


def test_a_text_with_more_words_than_spoken_is_refused(conn: Any, recording: dict[str, Any], assessed: Make) -> None:
    assessment, topics = assessed(2)
    other = Topics((), (TurnText("eleventh", (10,)), topics.texts[1]))
    with pytest.raises(TerminalError, match="not of the same run"):
        load(conn, recording, (assessment, other))


def test_a_transcript_without_speech_is_loaded(conn: Any, recording: dict[str, Any], assessed: Make) -> None:
    loaded = publications.load_for_publication(conn, load(conn, recording, assessed(0)))
    assert (loaded.turns, loaded.confidence) == ((), None)


def test_the_same_computation_is_loaded_once(conn: Any, recording: dict[str, Any], assessed: Make) -> None:
    assert load(conn, recording, assessed()) == load(conn, recording, assessed())
    assert rows(conn, recording["audio_sha256"]) == ONE


def test_parallel_loads_of_one_computation_give_one_transcript(
    database_url: str, conn: Any, recording: dict[str, Any], assessed: Make
) -> None:
    start = Barrier(6)

    def once(_: int) -> int:
        with connect(database_url) as own:
            start.wait()
            return load(own, recording, assessed())

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(once, range(6)))) == 1
    assert rows(conn, recording["audio_sha256"]) == ONE


def test_a_new_computation_is_a_new_version_and_the_old_one_stays(
    conn: Any, recording: dict[str, Any], assessed: Make
) -> None:
    first = load(conn, recording, assessed(), "f1")
    second = load(conn, recording, assessed(), "f2")
    with conn.cursor() as cursor:
        cursor.execute(
            "select id, version, is_current from transcript where audio_sha256 = %s order by version",
            (recording["audio_sha256"],),
        )
        assert cursor.fetchall() == [(first, 1, False), (second, 2, True)]


def test_an_older_transcript_is_published_as_a_new_version(
    conn: Any, recording: dict[str, Any], assessed: Make
) -> None:
    first = load(conn, recording, assessed(), "f1")
    second = load(conn, recording, assessed(), "f2")
    before = publications.load_for_publication(conn, second).version
    assert load(conn, recording, assessed(), "f1") == first
    assert publications.load_for_publication(conn, first).version > before


def test_topics_of_another_run_are_refused_without_rows(conn: Any, recording: dict[str, Any], assessed: Make) -> None:
    with pytest.raises(TerminalError, match="not of the same run"):
        load(conn, recording, (assessed(2)[0], Topics((), (TurnText("one text", (0, 1)),))))
    assert not any(rows(conn, recording["audio_sha256"]).values())


def test_an_unknown_recording_is_refused(conn: Any, assessed: Make, sha256: Make) -> None:
    with pytest.raises(TerminalError, match="run normalize"):
        load(conn, {"media_object_id": 1, "audio_sha256": sha256()}, assessed())


@pytest.mark.parametrize(
    "statement",
    [
        "update word set text = 'x' where transcript_id = %s",
        "update turn set speaker = 'x' where transcript_id = %s",
        "update transcript set language = 'xx' where id = %s",
    ],
)
def test_a_loaded_transcript_is_immutable(conn: Any, recording: dict[str, Any], assessed: Make, statement: str) -> None:
    id_ = load(conn, recording, assessed())
    with conn.cursor() as cursor, pytest.raises(psycopg2.Error, match="never changed"):
        cursor.execute(statement, (id_,))
    conn.rollback()


@pytest.mark.parametrize(
    "statement",
    [
        "insert into word values (%(id)s, 20, 1, 3.9, 3.95, 'early', 0.5, null)",
        "insert into word values (%(id)s, 20, 1, 7.9, 8.5, 'late', 0.5, null)",
        "insert into word values (%(id)s, 20, 1, 7.9, 7.9, 'empty', 0.5, null)",
        "insert into word values (%(id)s, 20, 1, 7.9, 'nan', 'nan', 0.5, null)",
        "insert into word values (%(id)s, 20, 1, 7.8, 7.9, 'sure', 1.5, null)",
        "insert into word values (%(id)s, 20, 1, 7.5, 7.6, 'a', 1, null), (%(id)s, 21, 1, 7.2, 7.7, 'b', 1, null)",
        "insert into word values (%(id)s, 20, 1, 7.1, 7.6, 'a', 1, null), (%(id)s, 21, 1, 7.2, 7.5, 'b', 1, null)",
        "insert into turn values (%(id)s, 2, 8, 10, 'S', 'en', 'outside', 0.5)",
    ],
)
def test_the_database_refuses_an_invalid_timeline(
    conn: Any, recording: dict[str, Any], assessed: Make, statement: str
) -> None:
    id_ = load(conn, recording, assessed())
    with conn.cursor() as cursor, pytest.raises(psycopg2.errors.CheckViolation):
        cursor.execute(statement, {"id": id_})
    conn.rollback()


LOADER = """
import os, sys
from mediaindex.catalog.transcripts import transcripts
from mediaindex.catalog.base.connection import connect
from mediaindex.contract.results import Assessment, Topics
from mediaindex.timeline import Transcript, Turn, Word

words = tuple(Word(n * 0.1, n * 0.1 + 0.05, "word", 0.5) for n in range(5000))
said = Transcript(0, 600, "en", "r", (Turn(0, 600, "S", "en", words),))
with connect(os.environ["URL"]) as conn:
    transcripts.load(conn, media_object_id=int(sys.argv[1]), audio_sha256=sys.argv[2],
                     assessment=Assessment(said, 0.5, 1.0, False), topics=Topics(()), fingerprint="killed")
"""


def test_a_killed_loader_leaves_no_rows(
    database_url: str, conn: Any, recording: dict[str, Any], assessed: Make
) -> None:
    name, named_url = named(database_url)
    with connect(database_url) as blocker:
        with blocker.cursor() as cursor:
            cursor.execute("lock table word in exclusive mode")  # turns go in, words wait
        arguments = [str(value) for value in recording.values()]
        child = subprocess.Popen([sys.executable, "-c", LOADER, *arguments], env=os.environ | {"URL": named_url})
        until(lambda: sessions(conn, name) == ["Lock"], SOON_S, "the loader waits for the lock")
        child.send_signal(signal.SIGKILL)
        child.wait()
        blocker.rollback()
    wait_for_end(conn, name)
    assert not any(rows(conn, recording["audio_sha256"]).values())
    load(conn, recording, assessed())
    assert rows(conn, recording["audio_sha256"]) == ONE
