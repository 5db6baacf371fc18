"""Missing programs are reported, with the command that installs them."""

from __future__ import annotations

from pathlib import Path

import pytest

from local import packages
from local.java import java_home
from local.postgres import find_binaries
from local.site import ServerError


def test_without_apt_the_missing_programs_are_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert packages.main() == 1
    printed = capsys.readouterr().out
    assert "ffmpeg" in printed
    assert "maven" in printed


def test_without_root_the_command_is_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    apt = tmp_path / "apt-get"
    apt.write_text("#!/bin/sh\nexit 1\n")
    apt.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert packages.main() == 1
    assert "sudo apt-get update && sudo apt-get install" in capsys.readouterr().out


def test_without_java_the_error_names_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ServerError, match="default-jre-headless"):
        java_home()


def test_an_old_java_is_rejected(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\"' >&2\n")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(ServerError, match="older than Java 17"):
        java_home()


def test_data_of_another_postgresql_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "PG_VERSION").write_text("9.6\n")
    with pytest.raises(ServerError, match=r"created by PostgreSQL 9\.6"):
        find_binaries(tmp_path)
