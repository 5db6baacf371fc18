from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mediaindex.cli.main import cli

GOOD = """triage: {min_snr_db: 2}
stages: {transcribe: {max_chunk: 20, group: 8}}
sources:
  - {name: calls, bucket: media, prefix: calls/, triage: {min_snr_db: 1}}
  - {name: shows, bucket: media, prefix: shows/, kind: podcast, feeds: [https://a.example/feed]}
"""
BAD = "recognisers: [no-such-model]\nsources:\n  - {name: calls, bucket: media, prefx: a}\n"


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MEDIAINDEX_CONFIG", raising=False)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "sources.yaml"


def run(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(cli, ["config", *map(str, arguments)])
    return result.exit_code, result.stdout


def test_a_valid_file_is_summarised(file: Path) -> None:
    file.write_text(GOOD)
    assert run("check", file) == (0, f"{file} is valid: 2 sources, 1 feed, 4 overridden settings\n")


def test_each_fault_is_one_line_with_file_line_and_field(file: Path) -> None:
    file.write_text(BAD)
    code, out = run("check", file)
    assert code == 1
    assert [line.split(": ")[:2] for line in out.splitlines()] == [
        [f"{file}:1", "recognisers[0]"],
        [f"{file}:3", "sources[0].prefx"],
    ]


def test_without_an_argument_the_file_of_the_environment_is_checked(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text(GOOD)
    monkeypatch.setenv("MEDIAINDEX_CONFIG", str(file))
    assert run("check")[0] == 0


def test_a_warning_does_not_fail(file: Path) -> None:
    file.write_text(
        GOOD.replace("prefix: calls/", "prefix: shows/").replace("stages:", "recognisers: [whisper-base]\nstages:")
    )
    code, out = run("check", file)
    assert code == 0
    assert out.startswith(f"warning: {file}:6: sources[1].prefix: calls has the same prefix")


def test_a_language_that_no_recogniser_of_the_file_supports_is_a_warning(file: Path) -> None:
    file.write_text(
        "recognisers: [stt-en-conformer-ctc-small]\nsources:\n  - {name: calls, bucket: media, languages: [en, de]}\n"
    )
    code, out = run("check", file)
    assert (code, "warning: " in out, "none of the file's recognisers supports 'de'" in out) == (0, True, True)


def test_variables_are_checked_too(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text(GOOD)
    monkeypatch.setenv("MEDIAINDEX_RECOGNIZERS", "whisper-base")
    assert (
        "MEDIAINDEX_RECOGNIZERS is not a variable of mediaindex; write MEDIAINDEX_RECOGNISERS" in run("check", file)[1]
    )
    monkeypatch.setenv("MEDIAINDEX_DEVICE", "tpu")
    code, out = run("check", file)
    assert (code, "environment: MEDIAINDEX_DEVICE is 'tpu'" in out) == (1, True)


def test_faults_as_json(file: Path) -> None:
    file.write_text(BAD)
    code, out = run("check", "--json", file)
    report = json.loads(out)
    assert (code, report["valid"], report["counts"]) == (1, False, None)
    assert report["faults"][1] == {
        "line": 3,
        "column": 34,
        "field": "sources[0].prefx",
        "message": "unknown field 'prefx'; write 'prefix'",
    }


def test_the_settings_of_a_source_are_those_of_the_file_or_the_defaults(file: Path) -> None:
    file.write_text(GOOD)
    shown = json.loads(run("show", "calls", "--file", file, "--json")[1])
    assert (shown["triage"]["min_snr_db"], shown["transcribe"]["max_chunk"]) == (1.0, 20.0)
    assert shown["transcribe"]["reach"] == 0.5
    assert "transcribe.max_chunk: 20.0" in run("show", "calls", "--file", file)[1].splitlines()
