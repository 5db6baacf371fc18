"""Files that are refused before they are decoded: the reason is the right one."""

from __future__ import annotations

import os
import struct
import subprocess
from pathlib import Path

import pytest

from mediaindex.errors import BadMediaError, ConfigError
from mediaindex.stages.media.probe import probe
from mediaindex.stages.media.protection import protection

KEY = "76a6c65c5ea762046bd749a2e632ccbb"
CENC = ("-encryption_scheme", "cenc-aes-ctr", "-encryption_key", KEY, "-encryption_kid", KEY)


def encoded(path: Path, *options: str) -> Path:
    """Two seconds of a tone, and a picture if the options name one."""
    sources = ("-f", "lavfi", "-i", "sine=d=2")
    subprocess.run(["ffmpeg", "-v", "error", "-y", *sources, *options, str(path)], check=True)
    return path


def refused(path: Path) -> tuple[str, str]:
    """The code and the message."""
    with pytest.raises(BadMediaError) as caught:
        probe(path)
    return str(caught.value.code), caught.value.message


def box(name: bytes, *content: bytes) -> bytes:
    inside = b"".join(content)
    return struct.pack(">I4s", len(inside) + 8, name) + inside


def mp4(*codes: bytes, kind: bytes = b"soun") -> bytes:
    """An MP4 without data, with tracks of these codes."""
    tracks = (
        box(
            b"trak",
            box(b"mdia", box(b"hdlr", bytes(8), kind), box(b"minf", box(b"stbl", box(b"stsd", bytes(8), box(code))))),
        )
        for code in codes
    )
    return box(b"ftyp", b"M4A ") + box(b"moov", *tracks)


def test_an_encrypted_mp4_is_refused_as_encrypted(tmp_path: Path) -> None:
    code, message = refused(encoded(tmp_path / "film.mp4", "-c:a", "aac", *CENC))
    assert code == "encrypted"
    assert message.startswith("film.mp4: the recording is encrypted (common encryption (CENC)); upload")


@pytest.mark.parametrize(("code", "how"), [(b"drms", "FairPlay"), (b"aavd", "Audible"), (b"enca", "CENC")])
def test_protected_audio_of_an_mp4_is_recognised(tmp_path: Path, code: bytes, how: str) -> None:
    path = tmp_path / "a.m4p"
    path.write_bytes(mp4(code))
    assert how in str(protection(path))
    path.write_bytes(mp4(code, b"mp4a"))
    assert protection(path) is None
    path.write_bytes(mp4(code, kind=b"vide"))
    assert protection(path) is None


def test_a_hostile_nesting_of_boxes_ends(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(box(b"ftyp") + b"".join(struct.pack(">I4s", 1 << 20, b"moov") for _ in range(9_000)))
    assert protection(path) is None
    path.write_bytes(box(b"ftyp") + box(b"moov") * 50_000 + struct.pack(">I4sQ", 1, b"moov", 3))
    assert protection(path) is None


def test_other_protections_are_recognised(tmp_path: Path) -> None:
    asf = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c") + bytes(40)
    mxf = bytes.fromhex("060e2b34020501010d010201") + bytes(40)
    packet = b"\x47\x01\x00"
    kinds = {
        "OpenSSL": b"Salted__" + bytes(99),
        "HLS": b'#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="key"\na.ts\n',
        "Windows Media": asf + bytes.fromhex("fbb3112223bdd211b4b700a0c955fc6e"),
        "MXF": mxf + bytes.fromhex("060e2b34020401070d010301027e01"),
        "transport stream": (packet + b"\xd0" + bytes(184)) * 20,
    }
    for how, content in kinds.items():
        path = tmp_path / "a.bin"
        path.write_bytes(content)
        assert how in str(protection(path))
    for content in (b"#EXTM3U\n#EXT-X-KEY:METHOD=NONE\na.ts\n", asf, mxf, (packet + b"\x10" + bytes(184)) * 20):
        path.write_bytes(content)
        assert protection(path) is None


def test_ordinary_recordings_are_not_taken_for_encrypted(tmp_path: Path) -> None:
    for name in ("a.m4a", "a.mov", "a.ts", "a.wma"):
        assert protection(encoded(tmp_path / name)) is None
    picture = ("-f", "lavfi", "-i", "color=s=64x64:d=1", "-c:a", "pcm_s16le", "-ar", "48000")
    assert protection(encoded(tmp_path / "a.mxf", *picture)) is None


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
    path = encoded(tmp_path / name)
    path.write_bytes(path.read_bytes()[:size])
    assert refused(path)[0] == "truncated"


def test_a_reason_does_not_contain_the_folder_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "talk \N{GREEK SMALL LETTER PI}.wav"
    path.write_bytes(b"<html>" * 500)
    code, message = refused(path)
    assert code == "not_media"
    assert str(tmp_path) not in message
    assert "(talk \N{GREEK SMALL LETTER PI}.wav: Invalid data" in message
