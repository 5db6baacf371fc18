from __future__ import annotations

import json
from pathlib import Path

import pytest

from mediaindex.cli import evaluate
from mediaindex.errors import ConfigError
from mediaindex.evaluation.report import Report
from tests.builders.scores import file_score, report_of

REPORT = report_of(file_score("a.wav"))


def command(folder: Path, report: Path) -> None:
    (folder / "a.wav").touch()
    (folder / "m.jsonl").write_text(json.dumps({"audio_filepath": "a.wav"}))
    evaluate.evaluate(folder / "m.jsonl", [], collar=0.0, overlap=True, cache=None, json=report, compare=None)


def test_a_report_that_cannot_be_written_is_refused_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluate, "_run", lambda *_: pytest.fail("the evaluation has begun"))
    with pytest.raises(ConfigError, match="cannot be written"):
        command(tmp_path, tmp_path / "a.wav" / "new.json")


def test_the_report_is_printed_even_if_its_file_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*_: object) -> Report:
        (tmp_path / "out").rmdir()
        return REPORT

    monkeypatch.setattr(evaluate, "_run", run)
    with pytest.raises(FileNotFoundError):
        command(tmp_path, tmp_path / "out" / "new.json")
    assert "12.50" in capsys.readouterr().out
