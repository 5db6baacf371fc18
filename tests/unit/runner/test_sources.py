"""Local file names and identities of sources."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaindex.contract.job import FileSource, ObjectSource
from mediaindex.errors import BadMediaError
from mediaindex.runner.sources import file_name, identity


@given(st.text(max_size=300))
def test_any_key_becomes_a_safe_file_name(key: str) -> None:
    name = file_name(key)
    assert name not in {"", ".", ".."}
    assert "/" not in name
    assert "\0" not in name
    assert not name.startswith("-")
    assert len(name.encode("utf-8", "surrogatepass")) <= 255


def test_an_ordinary_key_keeps_its_name() -> None:
    assert file_name("calls/2026/Mañana talk-1.mp3") == "Mañana talk-1.mp3"


def test_the_identity_of_a_file_depends_on_its_bytes_alone(tmp_path: Path) -> None:
    for name in ("a.wav", "b.wav"):
        (tmp_path / name).write_bytes(b"same")
    first, second = (identity(FileSource(path=str(tmp_path / name))) for name in ("a.wav", "b.wav"))
    assert first == second


def test_the_identity_of_an_object_depends_on_its_version() -> None:
    first = ObjectSource(bucket="b", key="k", etag="1", size=1)
    assert identity(first) == identity(first.model_copy(update={"size": 2}))
    assert identity(first) != identity(first.model_copy(update={"etag": "2"}))


def test_the_message_names_an_unreadable_file(tmp_path: Path) -> None:
    with pytest.raises(BadMediaError, match=r"gone\.wav: the file does not exist"):
        identity(FileSource(path=str(tmp_path / "gone.wav")))


def test_a_pipe_is_refused_without_waiting_for_its_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    with pytest.raises(BadMediaError, match=r"pipe\.wav: a pipe, not a file; save") as caught:
        identity(FileSource(path=str(tmp_path / "pipe.wav")))
    assert caught.value.code == "not_a_file"
