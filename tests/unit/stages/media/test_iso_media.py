"""The boxes of MP4 files, also of damaged ones, and the edit lists in them."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import pytest

from mediaindex.stages.media import edit_lists
from mediaindex.stages.media.edit_lists import silent_edits
from mediaindex.stages.media.iso_media import boxes, joined_at
from mediaindex.timeline import Span


def box(kind: bytes, *content: bytes) -> bytes:
    inside = b"".join(content)
    return struct.pack(">I4s", len(inside) + 8, kind) + inside


def long_box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4sQ", 1, kind, len(content) + 16) + content


def found(data: bytes, start: int = 0, end: int | None = None) -> list[tuple[bytes, bytes, bool]]:
    """Kind, content and whether it is whole, of each box."""
    end = len(data) if end is None else end
    return [(one.kind, data[one.start : one.end], one.whole) for one in boxes(io.BytesIO(data), start, end)]


def test_boxes_follow_each_other_with_short_and_long_headers() -> None:
    data = box(b"ftyp", b"M4A ") + long_box(b"mdat", b"sound") + box(b"free")
    assert found(data) == [(b"ftyp", b"M4A ", True), (b"mdat", b"sound", True), (b"free", b"", True)]


def test_a_box_of_size_zero_goes_to_the_end() -> None:
    assert found(struct.pack(">I4s", 0, b"mdat") + b"sound") == [(b"mdat", b"sound", True)]


@pytest.mark.parametrize("size", [2, 7])
def test_an_impossible_size_ends_the_walk(size: int) -> None:
    assert found(box(b"ftyp") + struct.pack(">I4s", size, b"mdat") + bytes(50)) == [(b"ftyp", b"", True)]
    assert found(box(b"ftyp") + struct.pack(">I4sQ", 1, b"mdat", size) + bytes(50)) == [(b"ftyp", b"", True)]


def test_a_box_that_is_cut_off_is_not_whole() -> None:
    data = box(b"ftyp", b"M4A ") + box(b"moov", b"index")
    assert found(data[:-2]) == [(b"ftyp", b"M4A ", True), (b"moov", b"ind", False)]
    assert found(data[:11]) == [(b"ftyp", b"M4A", False)]
    assert found(data[:19]) == [(b"ftyp", b"M4A ", True)]  # too little for another header
    assert found(data, 12, 20) == [(b"moov", b"", False)]


def test_another_file_begins_with_its_type_after_an_index(tmp_path: Path) -> None:
    path = tmp_path / "a.m4a"
    first = box(b"ftyp", b"M4A ") + box(b"mdat", b"sound") + box(b"moov")
    for content, places in (
        (first + first, [len(first)]),
        (first * 3, [len(first), 2 * len(first)]),
        (first, []),
        (box(b"ftyp") + box(b"ftyp") + box(b"moov"), []),  # a type, twice, of one file
        (b"RIFF" + bytes(100), []),
    ):
        path.write_bytes(content)
        assert list(joined_at(path)) == places


def movie(*edits: tuple[int, int], scale: int = 1000, version: int = 0, count: int | None = None) -> bytes:
    """A movie with one track, of ID 7, with this edit list: duration and media time."""
    v = bytes([version, 0, 0, 0])
    row = struct.Struct(">Qq4x" if version else ">Ii4x")
    rows = b"".join(row.pack(*edit) for edit in edits)
    number = bytes(16 if version else 8)
    elst = box(b"elst", v, struct.pack(">I", len(edits) if count is None else count), rows)
    header = box(b"mvhd", v, number, struct.pack(">I", scale), bytes(80))
    track = box(b"trak", box(b"tkhd", v, number, struct.pack(">I", 7), bytes(60)), box(b"edts", elst))
    return box(b"ftyp", b"M4A ") + box(b"moov", header, track)


def silent(tmp_path: Path, data: bytes) -> dict[int, tuple[Span, ...]]:
    path = tmp_path / "a.m4a"
    path.write_bytes(data)
    return silent_edits(path)


@pytest.mark.parametrize("version", [0, 1])
def test_only_empty_edits_after_the_first_sound_are_silent(tmp_path: Path, version: int) -> None:
    edits = [(3000, -1), (7000, 0), (5000, -1), (2000, 7000), (0, -1), (1500, -1)]
    spans = (Span(10.0, 15.0), Span(17.0, 18.5))
    assert silent(tmp_path, movie(*edits, version=version)) == {7: spans}


def test_a_damaged_edit_list_counts_as_absent(tmp_path: Path) -> None:
    whole = movie((7000, 0), (5000, -1), (2000, 7000))
    assert silent(tmp_path, whole) == {7: (Span(7.0, 12.0),)}
    assert silent(tmp_path, movie((7000, 0), scale=0)) == {}
    assert silent(tmp_path, whole.replace(b"tkhd", b"free")) == {}
    assert silent(tmp_path, whole.replace(b"mvhd", b"free")) == {}
    assert silent(tmp_path, whole.replace(b"edts", b"free")) == {}
    assert silent(tmp_path, whole[:-4]) == {}
    assert silent(tmp_path, b"RIFF" + bytes(100)) == {}


def test_a_number_is_not_read_past_the_end_of_its_box(tmp_path: Path) -> None:
    short = box(b"mvhd", bytes(10))
    whole = movie((7000, 0), (5000, -1))
    start = whole.index(b"mvhd") - 4
    header = whole[start : start + int.from_bytes(whole[start : start + 4], "big")]
    inside = whole[whole.index(b"moov") + 4 :].replace(header, short)
    assert silent(tmp_path, box(b"ftyp") + box(b"moov", inside)) == {}


def test_a_list_that_counts_more_edits_than_it_has_is_read_to_its_end(tmp_path: Path) -> None:
    assert silent(tmp_path, movie((7000, 0), (5000, -1), count=1_000_000)) == {7: (Span(7.0, 12.0),)}
    assert silent(tmp_path, movie((7000, 0), (5000, -1), count=1)) == {7: ()}


def test_empty_edits_are_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edit_lists, "MOST_EMPTY", 2)
    edits = [(1000, 0), *[(1000, -1)] * 5]
    assert silent(tmp_path, movie(*edits)) == {7: (Span(1.0, 2.0), Span(2.0, 3.0))}
