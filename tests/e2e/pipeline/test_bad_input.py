"""Unusable recordings get a reason in the ledger, and do not fail others."""

from __future__ import annotations

import pytest

from mediaindex.catalog.base.connection import connect
from mediaindex.catalog.batches import batches as progress
from mediaindex.catalog.ledger import lines as report
from tests.builders.formats import MALFORMED

from .conftest import WholeRun
from .trials import NAMES

pytestmark = [pytest.mark.servers, pytest.mark.timeout(3600)]


@pytest.mark.parametrize("name", ["empty.wav", "notes.mp3", "mute.mp4", "cut.mp4", *MALFORMED])
def test_an_unusable_recording_is_quarantined_with_a_reason(whole_run: WholeRun, name: str) -> None:
    end, trial = whole_run.end(name), whole_run.trials["trials", name]
    assert (end.state, end.reason_code) == (trial.state, trial.code)
    assert end.reason
    assert "Traceback" not in end.reason


def test_silence_has_an_empty_transcript(whole_run: WholeRun) -> None:
    end = whole_run.end("silence.wav")
    assert end.state == "indexed"
    with connect(whole_run.url) as conn:
        assert progress.current_transcript(conn, end.id) is not None
        (row,) = [row for row in report.rows(conn, source="trials") if row.media_object_id == end.id]
    assert row.words == 0


@pytest.mark.parametrize("name", [name for name in NAMES if name != "music.mp4"])
def test_a_voice_in_any_format_is_indexed_or_reviewed(whole_run: WholeRun, name: str) -> None:
    assert whole_run.end(name).state in {"indexed", "in_review"}


def test_music_has_no_words_or_is_in_review(whole_run: WholeRun) -> None:
    end = whole_run.end("music.mp4")
    with connect(whole_run.url) as conn:
        (row,) = [row for row in report.rows(conn) if row.media_object_id == end.id]
    assert not row.words or end.state == "in_review"


def test_a_headerless_recording_needs_a_hint(whole_run: WholeRun) -> None:
    end = whole_run.end("dictation.raw")
    assert (end.state, end.reason_code) == ("quarantined", "needs_hint")
    assert "raw_format" in str(end.reason)


def test_a_headerless_recording_with_a_hint_is_indexed(whole_run: WholeRun) -> None:
    end = whole_run.end("dictation.raw", "dictations")
    assert end.state in {"indexed", "in_review"}


def test_no_run_fails_because_of_its_recordings(whole_run: WholeRun) -> None:
    assert "failed" not in whole_run.airflow.run_states("index_recordings").values()
