"""A registry with one tiny model, and wheels as real zip files."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mediaindex.models import ModelEntry, hub, registry


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Empty directories for local models (``local``) and the cache (``cache``); no hub."""
    (tmp_path / "local").mkdir()
    monkeypatch.setenv("MEDIAINDEX_MODELS", str(tmp_path / "local"))
    monkeypatch.setenv("MEDIAINDEX_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    for name in ("MEDIAINDEX_OFFLINE", "MEDIAINDEX_FETCH_AT_RUN_TIME", "MEDIAINDEX_TRUSTED_MODELS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(hub, "unreachable", lambda: "this test has no network")
    return tmp_path


@pytest.fixture
def entry(monkeypatch: pytest.MonkeyPatch) -> Callable[..., ModelEntry]:
    """Makes an entry and adds it to the registry."""

    def make(**fields: Any) -> ModelEntry:
        entry = ModelEntry.model_validate(
            {"name": "tiny", "task": "test", "licence": "MIT", "path": "tiny.bin"} | fields
        )
        known = {**registry.load_registry(), entry.name: entry}
        monkeypatch.setattr(registry, "load_registry", lambda: known)
        return entry

    return make


@pytest.fixture
def wheel(tmp_path: Path) -> Callable[[dict[str, bytes]], Path]:
    """Makes a wheel with the given members."""

    def make(members: dict[str, bytes], name: str = "tiny_weights-1.0-py3-none-any.whl") -> Path:
        path = tmp_path / name
        with zipfile.ZipFile(path, "w") as archive:
            for member, content in members.items():
                archive.writestr(member, content)
        return path

    return make
