from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from mediaindex.errors import ConfigError
from mediaindex.models import ModelEntry, load_registry
from mediaindex.models.registry import find

BASE = {"name": "tiny", "task": "test", "licence": "MIT", "path": "tiny.bin"}
PACKAGE = {"project": "tiny-weights", "version": "1.0", "sha256": "0" * 64}


def test_every_entry_from_a_package_is_pinned_by_hash() -> None:
    for entry in load_registry().values():
        assert entry.sha256 or entry.tree or not entry.packages, entry.name


def test_every_entry_has_a_source_and_a_publisher() -> None:
    for entry in load_registry().values():
        assert entry.official or entry.packages or entry.bundled, entry.name
        assert entry.official or entry.home, entry.name


def test_every_package_has_a_licence() -> None:
    packages = [package for entry in load_registry().values() for package in entry.packages]
    assert [package.project for package in packages if not package.licence] == []


def test_what_the_default_configuration_takes_from_a_hub_is_pinned() -> None:
    for entry in load_registry().values():
        assert not (entry.required and entry.official) or entry.pin, entry.name


def test_whisper_small_and_turbo_are_known_and_pinned() -> None:
    for name in ("whisper-small", "whisper-turbo"):
        entry = load_registry()[name]
        assert (entry.engine, bool(entry.pin), len(entry.languages)) == ("whisper", True, 99)


def test_required_models_do_not_need_a_hub() -> None:
    for entry in load_registry().values():
        assert not entry.required or entry.packages or entry.bundled, entry.name


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="whisper-base"):
        find("wisper")


@pytest.mark.parametrize("path", ["../tiny.bin", "/etc/passwd", "a/../../b", ".."])
def test_a_path_outside_its_directory_is_invalid(path: str) -> None:
    with pytest.raises(ValidationError, match="stays inside"):
        ModelEntry.model_validate(BASE | {"path": path})


@pytest.mark.parametrize(
    "fields",
    [
        {"packages": [PACKAGE]},
        {"members": {"tiny.bin": ["a"]}},
        {"packages": [PACKAGE], "members": {"other.bin": ["a"]}},
        {"packages": [PACKAGE], "members": {"tiny.bin": ["a"]}, "tree": "a/"},
        {"weights": "model.bin"},
        {"licence": None},
        {"unknown": 1},
    ],
    ids=["no members", "no package", "makes another file", "both", "weights of a file", "no licence", "misspelt"],
)
def test_an_inconsistent_entry_is_invalid(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ModelEntry.model_validate(BASE | fields)


def test_duplicate_names_are_a_config_error(tmp_path: Path) -> None:
    entry = "- {name: a, task: t, licence: MIT, path: a}\n"
    (tmp_path / "registry.yaml").write_text(entry * 2)
    with pytest.raises(ConfigError, match="unique"):
        load_registry(tmp_path / "registry.yaml")
