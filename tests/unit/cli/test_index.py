from __future__ import annotations

import json
import os
from pathlib import Path

from typer.testing import CliRunner

from mediaindex.cli.index import _shortened, _unused
from mediaindex.cli.main import cli
from mediaindex.contract.job import Hints
from mediaindex.runner.local import items_of


def test_transcripts_have_distinct_names() -> None:
    taken: set[str] = set()
    for stem in ("a", "a", "a-2", "a"):
        name = _unused(stem, taken)
        assert name not in taken
        taken.add(name)
    assert taken == {"a", "a-2", "a-2-2", "a-3"}


def test_a_long_name_is_cut_so_that_number_and_suffix_fit() -> None:
    stem = _shortened("é" * 200)
    assert set(stem) == {"é"}
    assert len(f"{_unused(stem, {stem})}.json".encode()) <= 255


def test_a_file_name_that_is_not_utf8_is_accepted(tmp_path: Path) -> None:
    (item,) = items_of([tmp_path / os.fsdecode(b"caf\xe9.wav")], Hints())
    assert item.name.encode() == "caf\ufffd.wav".encode()


def test_json_has_the_outcome_of_each_file(tmp_path: Path) -> None:
    (tmp_path / "empty.wav").touch()
    arguments = ["index", str(tmp_path / "empty.wav"), "--out", str(tmp_path / "out"), "--json"]
    done = CliRunner().invoke(cli, arguments, env={"MEDIAINDEX_CACHE": str(tmp_path / "cache")})
    (file,) = json.loads(done.stdout)
    assert done.exit_code == 1
    assert (file["file"], file["status"], file["transcript"]) == ("empty.wav", "quarantined", None)
    assert file["error"]["code"] == "empty_file"
