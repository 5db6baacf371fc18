"""Files that are refused before they are decoded: the reason is the right one."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest

from mediaindex.errors import BadMediaError, ConfigError
from mediaindex.stages.media.probe import probe
from tests.builders import media as build
from tests.builders import protected


def refused(path: Path) -> tuple[str, str]:
    """The code and the message."""
    with pytest.raises(BadMediaError) as caught:
        probe(path)
    return str(caught.value.code), caught.value.message


def test_a_format_that_is_not_allowed_is_named_with_how_to_allow_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    header = b"VHDR" + struct.pack(">IIIIHBBI", 20, 4000, 0, 0, 8000, 1, 0, 65536)
    body = b"8SVX" + header + b"BODY" + struct.pack(">I", 4000) + bytes(4000)
    path = tmp_path / "s.8svx"
    path.write_bytes(b"FORM" + struct.pack(">I", len(body)) + body)
    code, message = refused(path)
    assert code == "format_not_allowed"
    assert message == (
        "s.8svx: its format, iff, is not allowed here; convert the file, or add iff to MEDIAINDEX_EXTRA_FORMATS"
    )
    monkeypatch.setenv("MEDIAINDEX_EXTRA_FORMATS", "iff")
    assert probe(path).streams[0].sample_rate == 8000
    monkeypatch.setenv("MEDIAINDEX_EXTRA_FORMATS", "concat")
    with pytest.raises(ConfigError, match="playlists, devices and scripts are never read"):
        probe(path)


@pytest.mark.parametrize("content", ["#EXTM3U\n#EXTINF:2,\na.ts\n", "ffconcat version 1.0\nfile a.wav\n"])
def test_a_playlist_is_refused_because_it_names_other_files(tmp_path: Path, content: str) -> None:
    path = tmp_path / "list.m3u8"
    path.write_text(content)
    code, message = refused(path)
    assert code == "format_not_allowed"
    assert "only names other files" in message


def test_a_pipe_folder_or_device_is_refused_by_its_kind(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    assert refused(tmp_path / "pipe.wav")[0] == "not_a_file"
    assert refused(tmp_path) == ("not_a_file", f"{tmp_path.name}: a folder, not a file; name the files in it")
    assert "a device, not a file" in refused(Path("/dev/null"))[1]
    assert refused(tmp_path / "gone.wav")[0] == "missing_file"


@pytest.mark.parametrize("name", ["a.flac", "a.ogg", "a.wav", "a.mkv", "a.mp4", "a.wma", "a.flv"])
@pytest.mark.parametrize("size", [12, 30])
def test_a_file_that_ends_in_its_header_is_truncated(tmp_path: Path, name: str, size: int) -> None:
    path = build.tone(tmp_path, name)
    path.write_bytes(path.read_bytes()[:size])
    assert refused(path)[0] == "truncated"


def test_a_reason_does_not_contain_the_folder_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "talk \N{GREEK SMALL LETTER PI}.wav"
    path.write_bytes(b"<html>" * 500)
    code, message = refused(path)
    assert code == "not_media"
    assert str(tmp_path) not in message
    assert "(talk \N{GREEK SMALL LETTER PI}.wav: Invalid data" in message


def test_an_archive_is_named_in_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "calls.mp3"
    path.write_bytes(protected.zip_archive(("a.mp3", bytes(999), False)))
    assert refused(path) == ("not_media", "calls.mp3: an archive (ZIP), not a recording; upload what is in it")
