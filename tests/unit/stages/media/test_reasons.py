"""Why a file is refused, by what ffprobe says and how the file begins; and what looks encrypted, but is not."""

from __future__ import annotations

import socket
import struct
from pathlib import Path

import pytest

from mediaindex.errors import BadMediaError, ConfigError
from mediaindex.stages.media.plausibility import _bytes_decoded
from mediaindex.stages.media.protection import protection
from mediaindex.stages.media.refusals import SHORTEST, check_extra, check_file, unreadable
from mediaindex.timeline import Span


def reason(tmp_path: Path, content: bytes, *said: str) -> tuple[str, str]:
    """Code and message for a file with this content, of which ffprobe says this."""
    path = tmp_path / "talk.bin"
    path.write_bytes(content)
    error = unreadable(path, said)
    return str(error.code), error.message


NOTHING = b"\x55" * 10_000


@pytest.mark.parametrize(
    ("said", "code", "part"),
    [
        ("[png_pipe] Format not on whitelist 'wav'", "not_media", "a picture or text (png_pipe)"),
        ("[srt] Format not on whitelist 'wav'", "not_media", "a picture or text (srt)"),
        ("[hls,applehttp] Format not on whitelist 'wav'", "format_not_allowed", "it only names other files (hls)"),
        ("[iff] Format not on whitelist 'wav'", "format_not_allowed", "add iff to MEDIAINDEX_EXTRA_FORMATS"),
        ("Protocol 'http' not on whitelist 'file,pipe'!", "format_not_allowed", "by the protocol http, which"),
        ("moov atom not found", "truncated", "(moov atom not found); upload it again"),
        ("bad", "not_media", "(bad); if it is headerless"),
    ],
)
def test_the_reason_is_that_of_the_programs_message(tmp_path: Path, said: str, code: str, part: str) -> None:
    found, message = reason(tmp_path, NOTHING, said)
    assert found == code
    assert part in message


def test_without_a_message_the_beginning_of_the_file_decides(tmp_path: Path) -> None:
    assert reason(tmp_path, NOTHING)[0] == "not_media"
    assert "without a message" in reason(tmp_path, NOTHING)[1]
    for head in (b"OggS", b"ID3", b"fLaC", b"\0\0\0\x18ftyp"):
        assert reason(tmp_path, head + bytes(100), "bad")[0] == "truncated"
        assert reason(tmp_path, head + bytes(SHORTEST), "bad")[0] == "not_media"
    assert reason(tmp_path, b"#EXTM3U\n", "bad")[0] == "format_not_allowed"
    assert "(concat)" in reason(tmp_path, b"ffconcat version 1.0\n", "bad")[1]


@pytest.mark.parametrize(("missing", "code"), [(0, "not_media"), (1, "truncated")])
def test_a_wav_file_as_long_as_it_says_is_not_cut_off(tmp_path: Path, missing: int, code: str) -> None:
    assert reason(tmp_path, b"RIFF" + struct.pack("<I", 100 + missing) + bytes(100), "bad")[0] == code


def test_a_socket_is_named_in_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("talk.sock")  # a whole path would be too long for an address
        with pytest.raises(BadMediaError, match=r"talk\.sock: a socket, not a file; save what it carries"):
            check_file(tmp_path / "talk.sock")


@pytest.mark.parametrize("name", ["hls", "concat", "lavfi", "avisynth", "x11grab", "wav,hls", "", "a b"])
def test_formats_that_name_other_things_are_never_added(name: str) -> None:
    check_extra(["iff", "mpc_8"])
    with pytest.raises(ConfigError, match="MEDIAINDEX_EXTRA_FORMATS"):
        check_extra(["iff", name])


def transport(tmp_path: Path, *packets: tuple[int, int], before: bytes = b"") -> str | None:
    """The protection of a transport stream with packets of these IDs and flags."""
    path = tmp_path / "a.ts"
    path.write_bytes(
        before + b"".join(bytes([0x47, pid >> 8, pid & 0xFF, flags]) + bytes(184) for pid, flags in packets)
    )
    return protection(path)


CLEAR, SCRAMBLED, EMPTY = 0x10, 0x90, 0x80  # the last one has no content


def test_a_transport_stream_is_scrambled_if_most_of_its_content_is(tmp_path: Path) -> None:
    assert transport(tmp_path, *[(256, SCRAMBLED)] * 6, *[(256, CLEAR)] * 5)
    assert transport(tmp_path, *[(256, SCRAMBLED)] * 5, *[(256, CLEAR)] * 5) is None
    assert transport(tmp_path, *[(256, SCRAMBLED)] * 10, before=b"x" * 100)
    for pid in (0, 0x1FFF):  # tables and padding are no content
        assert transport(tmp_path, *[(pid, SCRAMBLED)] * 10, (256, CLEAR)) is None
        assert transport(tmp_path, *[(pid, CLEAR)] * 10, (256, SCRAMBLED))
    assert transport(tmp_path, *[(256, EMPTY)] * 10) is None
    assert transport(tmp_path, *[(256, SCRAMBLED)] * 4) is None  # too few to be sure


@pytest.mark.parametrize(
    ("line", "size"),
    [
        (b"1.500000,320", 320),
        (b"1.500000,320,", 320),
        (b"N/A,320\n", 320),
        (b"5.000000,320", 0),
        (b"5.999000,320", 0),
        (b"6.000000,320", 320),
        (b"", 0),
        (b"side_data,", 0),
        (b"1.5", 0),
    ],
)
def test_packets_in_empty_edits_are_not_counted(line: bytes, size: int) -> None:
    assert _bytes_decoded(line, (Span(5.0, 6.0),)) == size
