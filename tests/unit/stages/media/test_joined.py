"""Recordings of different formats, one after the other in one file, are all heard, in order and in time."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from mediaindex.contract.settings import NormalizeSettings
from mediaindex.stages.media.extract import Extracted
from mediaindex.stages.media.joints import joints
from mediaindex.stages.media.parts import extract_parts, joined_clock
from mediaindex.stages.media.probe import probe
from mediaindex.stages.media.tracks import choose_tracks
from mediaindex.timeline import Anchor, Clock
from tests.builders import media as build
from tests.builders.tones import tones_in
from tests.builders.tracks import joined, sine

MP3, AAC = ("-c:a", "libmp3lame", "-ar", "44100"), ("-c:a", "aac", "-ar", "44100")
OPUS, VORBIS, OGG_FLAC = ("-c:a", "libopus"), ("-c:a", "libvorbis", "-ar", "22050"), ("-c:a", "flac")
LATER = ("-output_ts_offset", "5")
PAIRS = {
    "ts": ("ts", (*AAC, *LATER), (*MP3, "-output_ts_offset", "8")),
    "ts, restarted": ("ts", AAC, ("-c:a", "ac3", "-ar", "48000")),
    "ts, before LATM": ("ts", MP3, (*AAC, "-mpegts_flags", "latm")),
    "ogg": ("ogg", OPUS, VORBIS),
    "ogg, other rate": ("ogg", VORBIS, ("-c:a", "libvorbis", "-ar", "44100")),
    "ogg, lossless": ("ogg", OGG_FLAC, OPUS),
    "mp3, adts": ("mp3", (*MP3, "-f", "mp3"), (*AAC, "-f", "adts")),
    "adts, mp3": ("aac", (*AAC, "-f", "adts"), (*MP3, "-f", "mp3")),
    "wav": ("wav", ("-ar", "8000"), ("-ar", "44100", "-ac", "2")),
    "aiff": ("aiff", ("-ar", "8000"), ("-ar", "44100")),
    "flac": ("flac", ("-ar", "16000"), ("-ar", "44100", "-ac", "2")),
    "mp4": ("m4a", AAC, ("-c:a", "alac")),
}


def parts_of(folder: Path, suffix: str, *options: Iterable[str]) -> list[Path]:
    """3 s of 300 Hz, 3 s of 900 Hz and so on, each with these options of ffmpeg."""
    paths = [folder / f"{number}.{suffix}" for number in range(len(options))]
    for path, hertz, own in zip(paths, (300, 900, 440), options, strict=False):
        build.ffmpeg("-f", "lavfi", "-i", sine(hertz), *own, path)
    return paths


def extracted(path: Path) -> Extracted:
    source = probe(path)
    folder = path.parent / "out"
    folder.mkdir()
    return extract_parts(source, choose_tracks(source, "mix"), folder, NormalizeSettings())


def heard(audio: Extracted) -> list[set[int]]:
    """The tones of each part."""
    samples = np.fromfile(audio.pcm.path, dtype="<i2") / 32768
    return [tones_in(samples, 0.5, 2.5), tones_in(samples, 3.5, 5.5)]


@pytest.mark.parametrize("kind", PAIRS)
def test_joined_recordings_of_different_formats_are_all_decoded(tmp_path: Path, kind: str) -> None:
    suffix, *options = PAIRS[kind]
    path = joined(tmp_path / f"a.{suffix}", parts_of(tmp_path, suffix, *options))
    audio = extracted(path)
    assert audio.pcm.seconds == pytest.approx(6.0, abs=0.25)
    assert heard(audio) == [{300}, {900}]
    assert audio.clock.to_source(6.0) - audio.clock.to_source(0.0) == pytest.approx(6.0, abs=0.25)
    assert audio.warnings[0] == "joined: the file is 2 recordings of different formats, which are all read"


def test_a_pause_between_programmes_of_different_codecs_stays(tmp_path: Path) -> None:
    parts = parts_of(tmp_path, "ts", AAC, (*MP3, "-output_ts_offset", "60"))
    audio = extracted(joined(tmp_path / "a.ts", parts))
    assert audio.pcm.seconds == pytest.approx(6.0, abs=0.25)
    assert audio.clock.to_source(4.0) - audio.clock.to_source(0.0) == pytest.approx(61.0, abs=0.25)


def test_a_part_without_audio_is_left_out_with_a_warning(tmp_path: Path) -> None:
    whole = parts_of(tmp_path, "m4a", AAC)[0]
    picture = build.video(tmp_path, sound=False)
    audio = extracted(joined(tmp_path / "a.m4a", [whole, picture]))
    assert audio.pcm.seconds == pytest.approx(3.0, abs=0.1)
    assert any("part 2 left out: a.m4a: the file has only video" in warning for warning in audio.warnings)


@pytest.mark.parametrize("options", [OPUS, VORBIS])
def test_chains_of_one_format_are_read_at_once(tmp_path: Path, options: tuple[str, ...]) -> None:
    parts = parts_of(tmp_path, "ogg", options, options)
    path = joined(tmp_path / "a.ogg", parts)
    assert joints(path, "ogg") == []
    assert heard(extracted(path)) == [{300}, {900}]


@pytest.mark.parametrize(
    "junk", [b"", bytes(5_000), b"\xff" * 100, b"ID3\x04\0\0\0\0\0\x0a" + bytes(10), b"TAG" + bytes(125)]
)
def test_junk_and_tags_between_frames_are_no_joint(tmp_path: Path, junk: bytes) -> None:
    first, second = parts_of(tmp_path, "mp3", MP3, ("-c:a", "libmp3lame", "-ar", "22050"))
    path = tmp_path / "a.mp3"
    path.write_bytes(first.read_bytes() + junk + second.read_bytes())
    assert joints(path, "mp3") == []
    aac = parts_of(tmp_path, "aac", AAC)[0]
    path.write_bytes(first.read_bytes() + junk + aac.read_bytes())
    assert joints(path, "mp3") == [first.stat().st_size]


def test_a_joint_is_found_after_packets_that_were_cut(tmp_path: Path) -> None:
    first, second = parts_of(tmp_path, "ts", AAC, MP3)
    cut = first.read_bytes()[:-77]
    path = tmp_path / "a.ts"
    path.write_bytes(cut + second.read_bytes())
    (place,) = joints(path, "mpegts")
    assert place == len(cut) + second.read_bytes().index(b"\x47\x40\0\x10")


@pytest.mark.parametrize("container", ["ogg", "flac", "mp3", "aac", "mpegts", "mov,mp4", "wav"])
@pytest.mark.parametrize(
    "content", [b"OggS" * 5_000, b"\x47" * 5_000, b"\xff\xfb\x90\0" * 5_000, b"ID3\x7f" * 5_000, b"R"]
)
def test_hostile_content_has_no_joints(tmp_path: Path, container: str, content: bytes) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(content)
    assert joints(path, container) == []


def test_parts_with_times_of_their_own_keep_them() -> None:
    late = Clock((Anchor(0.0, 100.0), Anchor(2.0, 110.0)))
    first = (Clock((Anchor(0.0, 50.0),)), 3.0)
    assert joined_clock([first, (late, 4.0)], timed=True).to_source(4.0) == 101.0
    assert joined_clock([first, (late, 4.0)], timed=True).to_source(6.0) == 111.0
    assert joined_clock([first, (late, 4.0)], timed=False).to_source(6.0) == 64.0
    assert joined_clock([first, (Clock(), 4.0)], timed=True) == first[0]
