from __future__ import annotations

import os
from pathlib import Path

from mediaindex.cli.index import _free, _short
from mediaindex.contract.job import Hints
from mediaindex.runner.local import items_of


def test_no_transcript_takes_anothers_name() -> None:
    taken: set[str] = set()
    for stem in ("a", "a", "a-2", "a"):
        name = _free(stem, taken)
        assert name not in taken
        taken.add(name)
    assert taken == {"a", "a-2", "a-2-2", "a-3"}


def test_a_long_name_leaves_room_for_a_number_and_an_ending() -> None:
    stem = _short("é" * 200)
    assert set(stem) == {"é"}
    assert len(f"{_free(stem, {stem})}.json".encode()) <= 255


def test_a_name_that_is_no_text_can_be_written_all_the_same(tmp_path: Path) -> None:
    (item,) = items_of([tmp_path / os.fsdecode(b"caf\xe9.wav")], Hints())
    assert item.name.encode() == "caf\ufffd.wav".encode()
