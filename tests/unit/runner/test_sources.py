"""What a source is called on this machine, and what makes it the same one again."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaindex.contract.job import FileSource, ObjectSource
from mediaindex.errors import BadMediaError
from mediaindex.runner.sources import file_name, identity


@given(st.text(max_size=300))
def test_any_key_becomes_one_harmless_file_name(key: str) -> None:
    name = file_name(key)
    assert name not in {"", ".", ".."}
    assert "/" not in name
    assert "\0" not in name
    assert not name.startswith("-")
    assert len(name.encode("utf-8", "surrogatepass")) <= 255


def test_an_ordinary_key_keeps_its_name() -> None:
    assert file_name("calls/2026/Mañana talk-1.mp3") == "Mañana talk-1.mp3"


def test_a_file_is_its_bytes_whatever_its_name(tmp_path: Path) -> None:
    for name in ("a.wav", "b.wav"):
        (tmp_path / name).write_bytes(b"same")
    one, other = (identity(FileSource(path=str(tmp_path / name))) for name in ("a.wav", "b.wav"))
    assert one == other


def test_an_object_is_its_version() -> None:
    first = ObjectSource(bucket="b", key="k", etag="1", size=1)
    assert identity(first) == identity(first.model_copy(update={"size": 2}))
    assert identity(first) != identity(first.model_copy(update={"etag": "2"}))


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadMediaError, match=r"gone\.wav: No such file"):
        identity(FileSource(path=str(tmp_path / "gone.wav")))
