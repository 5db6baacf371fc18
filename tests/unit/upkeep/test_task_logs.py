"""The key of an erased recording does not stay in task logs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mediaindex.upkeep import task_logs

KEY = 'calls/Zoë Müller "x".wav'


def test_a_key_is_removed_in_every_form_and_other_lines_stay(tmp_path: Path) -> None:
    log = tmp_path / "dag_id=index_recordings" / "attempt=1.log"
    log.parent.mkdir()
    lines = [
        json.dumps({"event": f"{KEY}: done"}),
        json.dumps({"event": KEY.rpartition("/")[2]}, ensure_ascii=False),
        KEY,
        "calls/other.wav",
    ]
    log.write_text("\n".join(lines), "utf-8")
    log.chmod(0o640)
    assert task_logs.redact(tmp_path, [KEY]) == 1
    text = log.read_text("utf-8")
    assert "ller" not in text
    assert text.count("[erased]") == 3
    assert text.endswith("calls/other.wav")
    assert log.stat().st_mode & 0o777 == 0o640
    assert task_logs.redact(tmp_path, [KEY]) == 0


def test_a_short_file_name_is_not_searched_for_alone(tmp_path: Path) -> None:
    (tmp_path / "attempt=1.log").write_text("a.wav and calls/a.wav")
    task_logs.redact(tmp_path, ["calls/a.wav"])
    assert (tmp_path / "attempt=1.log").read_text() == "a.wav and [erased]"


def test_the_folder_is_that_of_airflow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(task_logs.BASE_FOLDER, raising=False)
    assert task_logs.log_folder() is None
    monkeypatch.setenv(task_logs.BASE_FOLDER, str(tmp_path))
    assert task_logs.log_folder() == tmp_path
