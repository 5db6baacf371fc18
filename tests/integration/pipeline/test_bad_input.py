"""Bad input ends with a reason on the ledger, and takes nobody along."""

from __future__ import annotations

import json

import pytest

from mediaindex.catalog.base.connection import connect
from mediaindex.catalog.batches import batches as progress
from mediaindex.catalog.ledger import lines as report

from .conftest import WholeRun
from .trials import SHARED

pytestmark = [pytest.mark.servers, pytest.mark.shared, pytest.mark.timeout(3600)]

MANIFEST = SHARED / "formats" / "manifest.jsonl"
ENTRIES = [json.loads(line) for line in MANIFEST.read_text("utf-8").splitlines()] if MANIFEST.is_file() else []


@pytest.mark.parametrize("name", ["empty.wav", "notes.mp3", "mute.mp4", "cut.mp4"])
def test_what_cannot_be_used_is_quarantined_with_its_reason(whole_run: WholeRun, name: str) -> None:
    end, trial = whole_run.end(name), whole_run.trials["trials", name]
    assert (end.state, end.reason_code) == (trial.state, trial.code)
    assert end.reason
    assert "Traceback" not in end.reason


def test_silence_is_an_empty_transcript(whole_run: WholeRun) -> None:
    end = whole_run.end("silence.wav")
    assert end.state == "indexed"
    with connect(whole_run.url) as conn:
        assert progress.current_transcript(conn, end.id) is not None
        (row,) = [row for row in report.rows(conn, source="trials") if row.media_object_id == end.id]
    assert row.words == 0


@pytest.mark.parametrize("entry", [pytest.param(entry, id=entry["file"]) for entry in ENTRIES])
def test_every_development_file_ends_as_its_manifest_says(whole_run: WholeRun, entry: dict[str, str]) -> None:
    end = whole_run.end(entry["file"])
    match entry["expect"]:
        case "ok":
            assert end.state in {"indexed", "in_review"}
        case "empty_transcript":
            # Music and effects: no words, or a person is asked because something sounded like speech.
            with connect(whole_run.url) as conn:
                (row,) = [row for row in report.rows(conn) if row.media_object_id == end.id]
            assert not row.words or end.state == "in_review"
        case "needs_hint":
            assert (end.state, end.reason_code) == ("quarantined", "needs_hint")
            assert "raw_format" in str(end.reason)
        case _:
            assert end.state in {"quarantined", "indexed"}
            assert end.state == "indexed" or end.reason


def test_a_hint_makes_a_headerless_recording_readable(whole_run: WholeRun) -> None:
    end = whole_run.end("google_hello_headerless_16k.raw", "dictations")
    assert end.state in {"indexed", "in_review"}


def test_no_run_fails_because_of_its_recordings(whole_run: WholeRun) -> None:
    assert "failed" not in whole_run.airflow.run_states("index_recordings").values()
