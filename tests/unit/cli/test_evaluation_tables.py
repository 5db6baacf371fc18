from __future__ import annotations

import io
import sys

import pytest
from rich.console import Console

from mediaindex.cli.evaluation_tables import WIDTH, console_for_tables, show_changes, show_report
from mediaindex.evaluation.compare import compare
from mediaindex.evaluation.report import FileScore, Report, ScoringRules, buckets, figures
from mediaindex.evaluation.word_errors import Tally
from tests.builders.scores import file_score

NAMES = [f"librispeech-test-other/1688-142285-{at:04d}.flac" for at in range(3)]
ALL_TALLIES = ("wer", "cer", "der", "jer", "cpwer", "language", "word_start", "word_end", "rtf")
CONFORMER = "stt-en-conformer-ctc-small nemo-onnx 3.0.0 sha256:" + "ab" * 32 + " calibration 0123456789ab"


def scored(name: str) -> FileScore:
    return file_score(
        name,
        length="1 to 10 min",
        audio_s=3601.5,
        wall_s=3.0,
        peak_mb=900.0,
        tallies={name: Tally(part=7, whole=70) for name in ALL_TALLIES},
        right=(0.9, 0.95),
        wrong=(0.3,),
        recogniser="stt-en-conformer-ctc-small",
    )


@pytest.fixture
def report() -> Report:
    files = tuple(map(scored, NAMES))
    return Report(
        mediaindex="1",
        manifest="m",
        protocol=ScoringRules(),
        all=figures(files),
        wall_s=10.0,
        peak_mb=900.0,
        buckets=buckets(files),
        files=files,
        recognisers=(CONFORMER,),
    )


@pytest.mark.parametrize("width", [80, WIDTH])
def test_each_recording_is_one_line_that_fits_the_terminal(report: Report, width: int) -> None:
    console = Console(file=io.StringIO(), width=width)
    show_report(report, console)
    show_changes(compare(report, report), report.protocol, console)
    written = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    tables = [line for line in written if "normalised by" not in line and "recognised by" not in line]
    assert max(map(len, tables)) <= width
    rows = [line for line in written if NAMES[1][-9:] in line]
    assert len(rows) == 2  # one per table
    assert rows[0].split()[1:] == ["3601.5", "10.00", "10.00", "10.00", "10.00", "10.00", "10.00"]


def test_recognisers_are_named_with_weights_and_calibration(report: Report) -> None:
    console = Console(file=io.StringIO(), width=WIDTH)
    show_report(report, console)
    line = (
        "3 files recognised by stt-en-conformer-ctc-small nemo-onnx 3.0.0 sha256:abababababab calibration 0123456789ab"
    )
    assert line in console.file.getvalue()  # type: ignore[attr-defined]


def test_a_pipe_has_a_fixed_width_unless_columns_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    monkeypatch.delenv("COLUMNS", raising=False)
    assert console_for_tables().width == WIDTH
    monkeypatch.setenv("COLUMNS", "90")
    assert console_for_tables().width == 90
