"""Encrypted recordings are refused as such, and not as damaged ones, and no other recording is."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from mediaindex.errors import BadMediaError
from mediaindex.stages.media.probe import probe
from mediaindex.stages.media.protection import protection
from tests.builders import media as build
from tests.builders import protected as files
from tests.builders.protected import AUDIO, AUDIO_PID, CLEAR, ENCODING_TYPE, ENCRYPTION, SCRAMBLED, VIDEO, element

KEY = "76a6c65c5ea762046bd749a2e632ccbb"
CENC = ("-encryption_scheme", "cenc-aes-ctr", "-encryption_key", KEY, "-encryption_kid", KEY)
LOCKED = element(ENCODING_TYPE, b"\x01") + element(ENCRYPTION, bytes(8))
COMPRESSED = element(ENCODING_TYPE, b"\x00") + bytes.fromhex("5034 80")
AAC, PRIVATE_AC3, TELETEXT = 0x0F, 0x06, 0x06
MXF = bytes.fromhex("060e2b34020501010d010201") + bytes(40)
LARGE = files.asf_object(files.ASF_PICTURES, bytes(3 << 20))  # further than the beginning that is looked at

ENCRYPTED = {
    "FairPlay": (files.mp4(b"drms"), "FairPlay"),
    "Audible": (files.mp4(b"aavd"), "Audible"),
    "Audible of old": (bytes(4) + bytes.fromhex("57907536") + bytes(99), "Audible"),
    "CENC": (files.mp4(b"enca"), "CENC"),
    "a clear beginning": (files.mp4((b"mp4a", b"enca")), "CENC"),
    "Matroska": (files.matroska(files.matroska_track(AUDIO, LOCKED)), "Matroska"),
    "live WebM": (files.matroska(files.matroska_track(AUDIO, COMPRESSED, LOCKED), live=True), "Matroska"),
    "Matroska with a clear picture": (
        files.matroska(files.matroska_track(VIDEO), files.matroska_track(AUDIO, element(ENCRYPTION))),
        "Matroska",
    ),
    "WMA": (files.asf(files.asf_object(files.ASF_CONTENT_ENCRYPTION, bytes(40))), "Windows Media"),
    "WMA with a cover": (files.asf(LARGE, files.asf_object(files.ASF_EXTENDED_ENCRYPTION)), "Windows Media"),
    "PlayReady": (
        files.asf(files.asf_object(files.ASF_EXTENSION, bytes(22), files.asf_object(files.ASF_PLAYREADY))),
        "Windows Media",
    ),
    "FLV": (files.flv(0x12, 0x28, 0x28), "Adobe"),
    "MXF": (MXF + bytes.fromhex("060e2b34020401070d010301027e01"), "MXF"),
    "HLS": (b'#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="key"\na.ts\n', "HLS"),
    "scrambled packets": (files.packet(AUDIO_PID, SCRAMBLED) * 20, "scrambled transport stream"),
    "scrambled audio": (
        files.transport_stream(
            files.stream(PRIVATE_AC3, AUDIO_PID, b"\x6a\x01\0"), files.stream(TELETEXT, 0x1FF), audio=SCRAMBLED
        ),
        "scrambled transport stream",
    ),
    "SAMPLE-AES": (
        files.transport_stream(files.stream(0xCF, AUDIO_PID, b"\x0f\x04aacd"), audio=CLEAR),
        "SAMPLE-AES",
    ),
    "DVD": (files.program_stream(0x30), "scrambled program stream"),
    "OpenSSL": (b"Salted__" + bytes(99), "OpenSSL"),
    "PGP": (b"\x85\x01\x0c\x03" + bytes(99), "PGP"),
    "DS2": (b"\x03enc" + bytes(99), "dictation"),
    "ZIP": (files.zip_archive(("calls/", b"", False), ("a.mp3", bytes(99), True)), "ZIP archive with a password"),
    "RAR": (b"Rar!\x1a\x07\x01\x00" + bytes(5) + b"\x04" + bytes(99), "RAR archive"),
}
OPEN = {
    "MP4": files.mp4(b"mp4a"),
    "MP4 with an encrypted picture": files.mp4(b"encv", kind=b"vide"),
    "MP4 with one clear track": files.mp4(b"enca", b"mp4a"),
    "Matroska": files.matroska(files.matroska_track(AUDIO, COMPRESSED)),
    "Matroska with one clear track": files.matroska(
        files.matroska_track(AUDIO, LOCKED), files.matroska_track(VIDEO, LOCKED), files.matroska_track(AUDIO)
    ),
    "WMA": files.asf(LARGE),
    "FLV": files.flv(0x12, 0x08),
    "MXF": MXF,
    "HLS": b"#EXTM3U\n#EXT-X-KEY:METHOD=NONE\na.ts\n",
    "packets": files.packet(AUDIO_PID, CLEAR) * 20,
    "a scrambled picture": files.transport_stream(files.stream(AAC, AUDIO_PID), audio=CLEAR, video=SCRAMBLED),
    "DVD": files.program_stream(0),
    "ZIP": files.zip_archive(("a.mp3", bytes(99), False)),
}


@pytest.mark.parametrize("kind", ENCRYPTED)
def test_an_encrypted_recording_is_recognised(tmp_path: Path, kind: str) -> None:
    content, how = ENCRYPTED[kind]
    path = tmp_path / "talk.mp3"
    path.write_bytes(content)
    with pytest.raises(
        BadMediaError, match=r"^talk\.mp3: the recording is encrypted \(.*; upload it without"
    ) as caught:
        probe(path)
    assert caught.value.code == "encrypted"
    assert how in caught.value.message


@pytest.mark.parametrize("kind", OPEN)
def test_unencrypted_audio_is_not_taken_for_encrypted(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(OPEN[kind])
    assert protection(path) is None


def test_an_encrypted_mp4_of_ffmpeg_is_recognised(tmp_path: Path) -> None:
    build.ffmpeg("-f", "lavfi", "-i", "sine=d=2", "-c:a", "aac", *CENC, tmp_path / "film.mp4")
    assert protection(tmp_path / "film.mp4") == "common encryption (CENC)"


@pytest.mark.parametrize("name", ["a.m4a", "a.mov", "a.ts", "a.wma", "a.mka", "a.webm", "a.flv", "a.mpg"])
def test_ordinary_recordings_are_not_taken_for_encrypted(tmp_path: Path, name: str) -> None:
    assert protection(build.tone(tmp_path, name)) is None


def test_an_ordinary_mxf_is_not_taken_for_encrypted(tmp_path: Path) -> None:
    sources = ("-f", "lavfi", "-i", "sine=d=2", "-f", "lavfi", "-i", "color=s=64x64:d=1")
    build.ffmpeg(*sources, "-c:a", "pcm_s16le", "-ar", "48000", tmp_path / "a.mxf")
    assert protection(tmp_path / "a.mxf") is None


def test_a_hostile_nesting_of_boxes_ends(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(files.box(b"ftyp") + b"".join(struct.pack(">I4s", 1 << 20, b"moov") for _ in range(9_000)))
    assert protection(path) is None
    path.write_bytes(files.box(b"ftyp") + files.box(b"moov") * 50_000 + struct.pack(">I4sQ", 1, b"moov", 3))
    assert protection(path) is None


@pytest.mark.parametrize(
    "content",
    [
        bytes.fromhex("1a45dfa3 80") + bytes.fromhex("18538067 80") * 50_000,
        bytes.fromhex("1a45dfa3"),
        bytes.fromhex("1a45dfa3 00"),
        files.ASF_HEADER + b"\xff" * 8 + bytes(6) + files.asf_object(files.ASF_PICTURES) * 50_000,
        files.ASF_HEADER,
        b"FLV\x01\x04\xff\xff\xff\xff",
        b"FLV\x01\x04\0\0\0\x09" + bytes(16) * 50_000,
        (b"\x47\x41\0\x30\xff" + bytes(183)) * 20,
        (b"\x47\x40\0\x10\xff" + bytes(183)) * 20,
        (b"\x47\x40\0\x10\0\0\xbf\xff" + bytes(180)) * 20,
        b"\0\0\1\xba\x44",
    ],
)
def test_damaged_headers_are_not_taken_for_encrypted(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(content)
    assert protection(path) is None
