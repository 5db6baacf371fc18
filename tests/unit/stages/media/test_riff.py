"""WAV and AIFF files that hold more than their header says: which of it is audio, and whether it can be read."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from mediaindex.stages.media.riff import Rest, rest_of

FORMAT = struct.pack("<HHIIHH", 1, 1, 16_000, 64_000, 4, 16)  # frames of 4 bytes
OTHER_FORMAT = struct.pack("<HHIIHH", 1, 1, 8_000, 32_000, 4, 16)
SOUND = b"\x9c" * 8_000  # no text: a chunk of such a name is audio
LONG = 0xFFFFFFFF


def chunk(name: bytes, content: bytes, size: int | None = None) -> bytes:
    return name + struct.pack("<I", len(content) if size is None else size) + content


def wav(*chunks: bytes, kind: bytes = b"RIFF") -> bytes:
    inside = b"WAVE" + b"".join(chunks)
    return kind + struct.pack("<I", len(inside)) + inside


def rest(tmp_path: Path, data: bytes) -> Rest | None:
    path = tmp_path / "a.wav"
    path.write_bytes(data)
    return rest_of(path)


WHOLE = wav(chunk(b"fmt ", FORMAT), chunk(b"data", SOUND))


def test_a_file_that_says_what_it_holds_has_no_rest(tmp_path: Path) -> None:
    assert rest(tmp_path, WHOLE) is None
    assert rest(tmp_path, wav(chunk(b"fmt ", FORMAT), chunk(b"data", SOUND, 99_999))) is None  # cut off
    assert rest(tmp_path, wav(chunk(b"fmt ", FORMAT))) is None
    assert rest(tmp_path, b"ID3" + SOUND) is None


@pytest.mark.parametrize("unknown", [0, LONG])
def test_a_stream_of_unknown_length_goes_to_its_end_anyway(tmp_path: Path, unknown: int) -> None:
    assert rest(tmp_path, wav(chunk(b"fmt ", FORMAT), chunk(b"data", SOUND, unknown))) is None


@pytest.mark.parametrize(("more", "expected"), [(4_095, None), (4_096, Rest(4_096, True)), (8_000, Rest(8_000, True))])
def test_bytes_after_the_declared_end_are_audio_unless_they_are_few(
    tmp_path: Path, more: int, expected: Rest | None
) -> None:
    assert rest(tmp_path, WHOLE + b"\x9c" * more) == expected


@pytest.mark.parametrize("name", [b"LIST", b"bext", b"id3 "])
def test_a_known_chunk_after_the_audio_is_none_even_if_it_is_cut_off(tmp_path: Path, name: bytes) -> None:
    assert rest(tmp_path, WHOLE + chunk(name, bytes(9_000))) is None
    assert rest(tmp_path, WHOLE + chunk(name, bytes(9_000), 50_000)) is None


def test_an_unknown_chunk_that_is_longer_than_the_file_is_audio(tmp_path: Path) -> None:
    assert rest(tmp_path, WHOLE + chunk(b"abcd", bytes(9_000))) is None
    for size in (9_001, 50_000):
        assert rest(tmp_path, WHOLE + chunk(b"abcd", bytes(9_000), size)) == Rest(9_008, True)


def test_an_odd_chunk_is_padded(tmp_path: Path) -> None:
    odd = wav(chunk(b"fmt ", FORMAT), chunk(b"note", b"abc") + b"\0", chunk(b"data", SOUND))
    assert rest(tmp_path, odd) is None
    assert rest(tmp_path, odd + SOUND) == Rest(8_000, True)


@pytest.mark.parametrize(
    ("second", "readable"),
    [
        (wav(chunk(b"fmt ", FORMAT), chunk(b"data", SOUND)), True),
        (wav(chunk(b"fmt ", OTHER_FORMAT), chunk(b"data", SOUND)), False),
        (wav(chunk(b"note", b"ab"), chunk(b"fmt ", FORMAT), chunk(b"data", SOUND)), False),  # not at a frame
        (wav(chunk(b"note", b"abcd"), chunk(b"fmt ", FORMAT), chunk(b"data", SOUND)), True),
    ],
)
def test_a_joined_file_is_read_on_if_it_goes_on_in_the_same_format(
    tmp_path: Path, second: bytes, readable: bool
) -> None:
    assert rest(tmp_path, WHOLE + second) == Rest(len(second), readable)


def test_a_joined_file_may_be_short(tmp_path: Path) -> None:
    second = wav(chunk(b"fmt ", FORMAT), chunk(b"data", SOUND[:40]))
    assert rest(tmp_path, WHOLE + second) == Rest(len(second), True)


def test_a_long_size_is_that_of_the_chunk_before(tmp_path: Path) -> None:
    sizes = chunk(b"ds64", struct.pack("<QQQ", 0, len(SOUND), 0))
    one = wav(sizes, chunk(b"fmt ", FORMAT), chunk(b"data", SOUND, LONG), kind=b"RF64")
    assert rest(tmp_path, one) is None
    assert rest(tmp_path, one + SOUND) == Rest(8_000, True)


def test_a_long_size_counts_only_where_the_form_has_one(tmp_path: Path) -> None:
    sizes = chunk(b"ds64", struct.pack("<QQQ", 0, 100, 0))
    assert rest(tmp_path, wav(sizes, chunk(b"fmt ", FORMAT), chunk(b"data", SOUND))) is None


def test_of_aiff_the_rest_is_never_read(tmp_path: Path) -> None:
    def big(name: bytes, content: bytes) -> bytes:
        return name + struct.pack(">I", len(content)) + content

    inside = b"AIFF" + big(b"COMM", bytes(18)) + big(b"SSND", SOUND)
    assert rest(tmp_path, b"FORM" + struct.pack(">I", len(inside)) + inside) is None
    assert rest(tmp_path, b"FORM" + struct.pack(">I", len(inside)) + inside + SOUND) == Rest(8_000, False)
    assert rest(tmp_path, b"FORM" + struct.pack(">I", len(inside)) + b"8SVX" + inside[4:] + SOUND) is None
