from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from mediaindex.cli.main import cli
from mediaindex.config import sources


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    for name in ("DATABASE_URL", "ELASTICSEARCH_URL", "ARTIFACTS_BUCKET", "EVENT_QUEUES"):
        monkeypatch.delenv(f"MEDIAINDEX_{name}", raising=False)
    monkeypatch.setenv("MEDIAINDEX_CONFIG", str(tmp_path / "sources.yaml"))
    for name in ("MEDIAINDEX_MODELS", "MEDIAINDEX_CACHE", "HF_HUB_CACHE"):  # no models to hash
        monkeypatch.setenv(name, str(tmp_path / name))
    return monkeypatch


def doctor(*parts: str) -> tuple[int, list[dict[str, Any]]]:
    options = [word for part in parts for word in ("--only", part)]
    done = CliRunner().invoke(cli, ["doctor", "--json", *options])
    return done.exit_code, json.loads(done.stdout)["checks"]


def test_without_any_address_each_part_says_which_variable_to_set(environment: pytest.MonkeyPatch) -> None:
    code, checks = doctor("sources", "catalog", "search", "storage")
    assert code == 1
    for check, needed in zip(checks, ("MEDIAINDEX_CONFIG", "DATABASE_URL", "SEARCH_URL", "BUCKET"), strict=True):
        assert not check["ok"]
        assert needed in check["detail"]


def test_a_variable_with_an_invalid_value_or_a_misspelt_name_is_a_problem(environment: pytest.MonkeyPatch) -> None:
    assert doctor("environment")[0] == 0
    environment.setenv("MEDIAINDEX_OFLINE", "1")
    environment.setenv("MEDIAINDEX_BACKOFF_SECONDS", "soon")
    code, [check] = doctor("environment")
    assert code == 1
    assert "write MEDIAINDEX_OFFLINE" in check["detail"]
    assert "MEDIAINDEX_BACKOFF_SECONDS is 'soon'" in check["detail"]


def test_missing_ffmpeg_is_reported_with_the_package_to_install(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    environment.setenv("PATH", str(tmp_path))
    _, checks = doctor("speech")
    [ffmpeg] = [check for check in checks if check["subject"] == "ffmpeg"]
    assert not ffmpeg["ok"]
    assert "install the package ffmpeg" in ffmpeg["detail"]


def test_every_fault_of_the_sources_file_is_a_problem_with_its_line(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "sources.yaml").write_text("sources:\n  - name: a\n    bucket: b\n    prefix: c/\n    colour: red\n")
    code, checks = doctor("sources")
    assert code == 1
    assert any("colour" in check["detail"] and check["detail"].startswith("5") for check in checks)


def test_the_sources_file_is_read_once(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "sources.yaml"
    path.write_text("sources: [{name: a, bucket: bucket}]\n")
    read: list[Path] = []
    check = sources.check

    def counted(given: Path) -> sources.Checked:
        read.append(given)
        return check(given)

    environment.setattr(sources, "check", counted)
    environment.setenv("MEDIAINDEX_ARTIFACTS_BUCKET", "artifacts")
    environment.setenv("MEDIAINDEX_S3_ENDPOINT_URL", "http://127.0.0.1:1")
    doctor("sources", "storage", "queues")
    assert read == [path]


def test_the_containment_of_ffmpeg_is_told(environment: pytest.MonkeyPatch) -> None:
    _, checks = doctor("speech")
    [contained] = [check for check in checks if check["subject"] == "containment"]
    assert contained["detail"].startswith("recordings are decoded with")
