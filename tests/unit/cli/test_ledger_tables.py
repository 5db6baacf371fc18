from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

pytest.importorskip("psycopg2")
from mediaindex.catalog.ledger.hearing import Arrivals
from mediaindex.catalog.ledger.lines import LedgerLine
from mediaindex.catalog.ledger.story import Story
from mediaindex.cli import ledger_tables as tables
from mediaindex.cli.main import cli
from mediaindex.contract.states import Lane, ObjectState
from mediaindex.errors import FailureClass

WHEN = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
LINE = LedgerLine(
    id=7, source="calls", bucket="media", key="in/a.wav", etag="e", size=1, last_modified=WHEN,
    state=ObjectState.QUARANTINED, reason_code="no_audio_stream", reason_class=FailureClass.TERMINAL,
    reason_stage="normalize", reason="a.wav: has no sound",
    attempts=0, not_before=None, updated_at=WHEN, batch_id=3, lane=Lane.FRESH, dag_id=None, dag_run_id="batch_3",
)  # fmt: skip


def printed(show: Any, *arguments: Any, width: int = 1_000) -> str:
    text = io.StringIO()
    show(Console(file=text, width=width, highlight=False), *arguments)
    return text.getvalue()


def test_piped_rows_are_single_lines_without_trailing_spaces() -> None:
    long = replace(LINE, reason="very long " * 60)
    lines = printed(tables.objects, [LINE, long], {ObjectState.QUARANTINED: 2}).splitlines()
    assert len(lines) == 5
    assert not [line for line in lines if line != line.rstrip()]
    assert lines[-1] == "2 objects: 2 quarantined"


def test_arrivals_count_events_and_listings_per_source() -> None:
    lines = printed(tables.arrivals, [Arrivals("calls", 12_000, 3, 1, WHEN), Arrivals("shows", 0, 5, 0, None)], 24.0)
    assert [line.split() for line in lines.splitlines()[1:]] == [
        ["calls", "12,000", "3", "1", "2026-11-21", "12:00:00"],
        ["shows", "0", "5", "0", "-"],
    ]
    assert printed(tables.arrivals, [], 1.5) == "No recording arrived within the last 1.5 hours.\n"


def test_keys_and_reasons_cannot_send_escape_sequences_or_forge_rows() -> None:
    evil = replace(LINE, key="in/a\x1b[31m\n8  indexed  b.wav", reason="x\n9  indexed")
    for show in (
        lambda c: tables.objects(c, [evil], {ObjectState.QUARANTINED: 1}),
        lambda c: tables.dead_letters(c, [evil], 1),
    ):
        text = printed(show)
        assert "\x1b[31m" not in text
        assert not [line for line in text.splitlines() if line.startswith(("8", "9"))]


def test_a_dead_letter_shows_reason_log_and_retry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDIAINDEX_AIRFLOW_URL", "https://airflow.example/")
    text = printed(tables.dead_letters, [LINE], 1)
    assert "no_audio_stream  terminal  at normalize  1 object" in text
    assert "https://airflow.example/dags/index_recordings/runs/batch_3/tasks/normalize" in text
    assert "mediaindex ledger requeue --reason no_audio_stream --class terminal --stage normalize --yes" in text


def test_without_airflows_address_the_run_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MEDIAINDEX_AIRFLOW_URL", raising=False)
    monkeypatch.delenv("AIRFLOW__API__BASE_URL", raising=False)
    assert tables.link_of(LINE) == "Airflow: index_recordings, run batch_3, task normalize"


def test_a_waiting_object_shows_until_when() -> None:
    waiting = replace(LINE, state=ObjectState.CLAIMED, reason_class=FailureClass.TRANSIENT, attempts=2, not_before=WHEN)
    head = tables.why(waiting).partition(": a.wav")[0]
    assert head == "no_audio_stream (transient), failed 2 times, waits until 2026-11-21 12:00:00"


def test_requeue_without_names_or_filters_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MEDIAINDEX_DATABASE_URL", raising=False)
    assert CliRunner().invoke(cli, ["ledger", "requeue", "--yes"]).exit_code == 2


def test_warnings_of_an_indexed_object_are_printed() -> None:
    warned = replace(LINE, state=ObjectState.INDEXED, reason_code=None, reason_class=None, reason=None,
                     reason_stage=None, warnings=("track 2 (deu) is left out", "truncated: 2 s of 6 s"))  # fmt: skip
    (row,) = [
        line for line in printed(tables.objects, [warned], {ObjectState.INDEXED: 1}).splitlines() if "a.wav" in line
    ]
    assert row.endswith("warning: track 2 (deu) is left out; warning: truncated: 2 s of 6 s")
    story = Story(warned, (), (), (), (), (), ())
    assert [
        line.split(None, 1)[1] for line in printed(tables.story, story).splitlines() if line.startswith("  warning")
    ] == [
        "track 2 (deu) is left out",
        "truncated: 2 s of 6 s",
    ]


def test_a_recording_that_waits_for_a_quota_says_so() -> None:
    waits = replace(
        LINE, state=ObjectState.CLAIMED, reason_code=None, reason_class=None, reason=None, awaits_quota=True
    )
    assert tables.why(waits) == "waits for tomorrow's quota: hours_per_day of its source is used"
