"""From the bucket to the search hit, with real servers and models."""

from __future__ import annotations

import os
import re

import jiwer
import psycopg2
import pytest

from mediaindex.catalog.base.connection import connect
from mediaindex.catalog.batches import batches as progress
from mediaindex.catalog.ledger import ledger
from mediaindex.catalog.ledger import lines as report
from mediaindex.catalog.transcripts import publications, reviews
from mediaindex.catalog.transcripts.publications import PublishableTranscript
from mediaindex.search import from_environment, search

from .conftest import WholeRun, wait

pytestmark = [pytest.mark.servers, pytest.mark.timeout(3600)]

# Five utterances of one reader are too few to measure a model, so this bound is looser than the benchmark's.
MAX_WER = 0.15


def transcript_of(run: WholeRun, name: str) -> PublishableTranscript:
    with connect(run.url) as conn:
        transcript_id = progress.current_transcript(conn, run.end(name).id)
        assert transcript_id is not None
        return publications.load_for_publication(conn, transcript_id)


def plain(text: str) -> str:
    return " ".join(re.sub(r"[^\w' ]", " ", text.lower()).split())


@pytest.mark.parametrize("name", ["reader.flac", "dialogue.wav"])
def test_the_transcript_has_the_spoken_words(whole_run: WholeRun, name: str) -> None:
    found = plain(" ".join(turn.text for turn in transcript_of(whole_run, name).turns))
    expected = plain(str(whole_run.trials["trials", name].text))
    assert jiwer.wer(expected, found) <= MAX_WER


@pytest.mark.parametrize("name", ["reader.flac", "dialogue.wav", "operators.mp3"])
def test_the_transcript_has_the_right_speakers_and_language(whole_run: WholeRun, name: str) -> None:
    trial, found = whole_run.trials["trials", name], transcript_of(whole_run, name)
    assert len({turn.speaker for turn in found.turns}) == trial.speakers
    assert found.language == trial.language


def test_postgresql_has_every_word_in_order_and_inside_the_recording(whole_run: WholeRun) -> None:
    found = transcript_of(whole_run, "dialogue.wav")
    with psycopg2.connect(whole_run.url) as conn, conn.cursor() as cursor:
        cursor.execute(
            "select start_s, end_s, text, confidence from word where transcript_id = %s order by word_index",
            (found.transcript_id,),
        )
        words = cursor.fetchall()
    assert len(words) == sum(len(turn.text.split()) for turn in found.turns)
    assert [start for start, *_ in words] == sorted(start for start, *_ in words)
    assert all(0 <= start < end <= found.end for start, end, *_ in words)


def test_elasticsearch_has_one_document_per_turn_and_per_recording(whole_run: WholeRun) -> None:
    client = from_environment()
    found = transcript_of(whole_run, "dialogue.wav")
    for index, documents in (("mediaindex-turns", len(found.turns)), ("mediaindex-recordings", 1)):
        assert client.count(index=index, query={"term": {"recording": found.audio_sha256}})["count"] == documents


def test_a_search_hit_has_the_time_of_its_words(whole_run: WholeRun) -> None:
    found = transcript_of(whole_run, "reader.flac")
    with psycopg2.connect(whole_run.url) as conn, conn.cursor() as cursor:
        cursor.execute(
            "select a.start_s, a.text || ' ' || b.text || ' ' || c.text from word a "
            "join word b on b.transcript_id = a.transcript_id and b.word_index = a.word_index + 1 "
            "join word c on c.transcript_id = a.transcript_id and c.word_index = a.word_index + 2 "
            "where a.transcript_id = %s and a.turn_index = c.turn_index order by a.word_index offset 20 limit 1",
            (found.transcript_id,),
        )
        start, words = cursor.fetchone() or (0.0, "")
    hits = search(from_environment(), words, phrase=True, limit=50)
    # Recordings of the same reader from earlier test runs are also among the hits.
    ours = [hit for hit in hits if hit.key == found.key]
    assert ours
    assert ours[0].start_of_match == pytest.approx(start, abs=0.05)


def test_only_recordings_held_by_triage_are_in_review(whole_run: WholeRun) -> None:
    with connect(whole_run.url) as conn:
        waiting = {item.media_object_id: item for item in reviews.open_items(conn, "trials")}
        row = next(
            row for row in report.rows(conn, source="trials") if row.media_object_id == whole_run.end("noise.ogg").id
        )
    item = waiting[whole_run.end("noise.ogg").id]
    assert item.kind == "triage"
    assert any("dB above the background" in reason for reason in item.reasons)
    assert row.words is None
    assert whole_run.end("reader.flac").id not in waiting


def test_indexing_again_computes_nothing(whole_run: WholeRun) -> None:
    reader = whole_run.end("reader.flac")
    with connect(whole_run.url) as conn:
        before = progress.current_transcript(conn, reader.id)
        ledger.requeue(conn, reader.id)
    whole_run.airflow.trigger("sweep_ledger")  # the sweep plans requeued recordings
    wait(whole_run.url, whole_run.airflow, whole_run.prefix, len(whole_run.trials))
    with connect(whole_run.url) as conn:
        assert progress.current_transcript(conn, reader.id) == before
        again = ledger.find(conn, ids=[reader.id])[0]
    assert again.state == "indexed"
    with psycopg2.connect(whole_run.url) as conn, conn.cursor() as cursor:
        cursor.execute(
            "select stage, status from stage_run where media_object_id = %s "
            "and batch_id = (select batch_id from media_object where id = %s)",
            (reader.id, reader.id),
        )
        statuses = dict(cursor.fetchall())
    assert statuses.keys() >= {"normalize", "diarize", "transcribe", "find_topics"}
    assert set(statuses.values()) == {"cached"}


def test_task_logs_contain_no_secret(whole_run: WholeRun) -> None:
    secrets = [os.environ["AWS_SECRET_ACCESS_KEY"], whole_run.url.split(":")[2].split("@")[0]]
    for run_id in whole_run.airflow.run_states("index_recordings"):
        for task in whole_run.airflow.tasks("index_recordings", run_id):
            log = whole_run.airflow.log("index_recordings", run_id, task)
            assert not [secret for secret in secrets if secret in log]
