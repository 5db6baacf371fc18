from __future__ import annotations

from pathlib import Path

import pytest

from mediaindex.cli.options import check_file, check_folder
from mediaindex.errors import ConfigError


def test_a_path_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes").touch()
    for check in (check_file, check_folder):
        with pytest.raises(ConfigError, match=r"cannot be written: .*; choose another path"):
            check(tmp_path / "notes" / "x" / "new.json")


def test_checking_creates_only_the_folder(tmp_path: Path) -> None:
    check_file(tmp_path / "a" / "b" / "new.json")
    assert list(tmp_path.rglob("*")) == [tmp_path / "a", tmp_path / "a" / "b"]


def test_checking_keeps_an_existing_file(tmp_path: Path) -> None:
    (tmp_path / "old.json").write_text("kept")
    check_file(tmp_path / "old.json")
    assert (tmp_path / "old.json").read_text() == "kept"
