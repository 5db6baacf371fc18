from __future__ import annotations

import os
from pathlib import Path

from mediaindex.cli.index import _shortened, _unused
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
