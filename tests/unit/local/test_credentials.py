from __future__ import annotations

import json
from pathlib import Path

import pytest

from local import credentials
from mediaindex.errors import ConfigError


def test_credentials_are_generated_once_and_private(tmp_path: Path) -> None:
    first = credentials.load(tmp_path / "state")
    assert credentials.load(tmp_path / "state") == first
    assert (tmp_path / "state" / "credentials.json").stat().st_mode & 0o777 == 0o600


def test_sites_have_different_credentials(tmp_path: Path) -> None:
    one, two = credentials.load(tmp_path / "one"), credentials.load(tmp_path / "two")
    assert not set(vars(one).values()) & set(vars(two).values())


def test_a_damaged_file_is_named_with_its_remedy(tmp_path: Path) -> None:
    path = tmp_path / "credentials.json"
    path.write_text("{")
    with pytest.raises(ConfigError, match=r"credentials\.json.*make clean"):
        credentials.load(tmp_path)


def test_a_secret_that_an_update_added_is_generated_once(tmp_path: Path) -> None:
    path = tmp_path / "credentials.json"
    credentials.load(tmp_path)
    older = json.loads(path.read_text())
    del older["postgres_admin_password"]
    path.write_text(json.dumps(older))
    assert credentials.load(tmp_path) == credentials.load(tmp_path)
