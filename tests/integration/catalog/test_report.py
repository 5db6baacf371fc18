"""The report of a source or a batch: lengths, languages and costs of its recordings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mediaindex.catalog.batches import batches
from mediaindex.catalog.ledger import ledger, lines
from mediaindex.catalog.transcripts import transcripts

pytestmark = pytest.mark.servers
Make = Callable[..., Any]


def test_a_report_has_the_costs_of_all_attempts_and_the_language_of_the_latest_batch(
    conn: Any, source: str, batch: Make, passes: Make, fails: Make, sha256: Make
) -> None:
    first, (one, other) = batch(2)
    audio = sha256()
    passes(first, "normalize", {one: audio}, duration=9.0)
    passes(first, "identify_language", {one: audio}, language="de")
    ledger.requeue(conn, one, in_progress=True)
    (second,) = batches.plan(conn, source)
    assert [(row.media_object_id, row.language) for row in lines.rows(conn, batch_id=second)] == [(one, None)]
    passes(second, "identify_language", {one: audio}, language="fr")
    fails(first, "normalize", other)
    mine, its = lines.rows(conn, source=source)
    assert (mine.media_object_id, mine.duration, mine.language, mine.words) == (one, 9.0, "fr", None)
    assert (mine.wall_s, mine.cpu_s, mine.gpu_s, mine.peak_mb) == (6.0, 4.5, 0.0, 100.0)
    assert (its.media_object_id, its.state, its.reason_code, its.wall_s) == (other, "quarantined", "no_audio_stream", 1)


def test_a_report_of_a_batch_has_all_its_recordings_and_no_others(
    conn: Any, source: str, batch: Make, passes: Make, sha256: Make
) -> None:
    first, (one, other) = batch(2)
    second, (third,) = batch(1, start=2)
    ledger.requeue(conn, one, in_progress=True)
    for wanted, ids in (({"batch_id": first}, [one, other]), ({"batch_id": second}, [third])):
        assert [row.media_object_id for row in lines.rows(conn, **wanted)] == ids
    assert len(lines.rows(conn, source=source)) == 3
    assert len(lines.rows(conn, source=source, limit=2)) == 2
    assert lines.rows(conn, source=f"{source}-other") == []


def test_words_and_speakers_of_a_report_are_those_of_the_current_transcript(
    conn: Any, source: str, batch: Make, passes: Make, assessed: Make, sha256: Make
) -> None:
    batch_id, (one,) = batch(1)
    audio = sha256()
    passes(batch_id, "normalize", {one: audio}, duration=9.0)
    passes(batch_id, "identify_language", {one: audio}, language="de")
    for turns in (1, 3):
        assessment, topics = assessed(turns)
        transcripts.load(
            conn, media_object_id=one, audio_sha256=audio, assessment=assessment, topics=topics, fingerprint=f"{turns}"
        )
    (row,) = lines.rows(conn, source=source)
    assert (row.language, row.speakers, row.words, row.recogniser) == ("en", 2, 30, "conformer")
    assert row.confidence == pytest.approx(0.9)
