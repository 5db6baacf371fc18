"""What is taken from the headers of a file, and what of it is not believed."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from mediaindex.contract.job import RawFormat
from mediaindex.errors import BadMediaError
from mediaindex.stages.media.probe import AudioStream, SourceFile, _source, allowed_formats, has_clock, probe
from tests.builders.media import tone


def read(*streams: dict[str, Any], programs: tuple[dict[str, Any], ...] = (), **container: Any) -> SourceFile:
    """The file of which ffprobe says this."""
    numbered = [{"index": index, "codec_type": "audio", **stream} for index, stream in enumerate(streams)]
    probed = {"format": {"format_name": "matroska,webm", **container}, "streams": numbered, "programs": programs}
    return _source(Path("a.mkv"), probed, {})


def one(**stream: Any) -> AudioStream:
    (found,) = read(stream).streams
    return found


def test_fields_that_are_missing_or_no_numbers_are_unknown() -> None:
    stream = one()
    assert (stream.codec, stream.sample_rate, stream.channels, stream.known) == ("unknown", 0, 0, False)
    assert (stream.start, stream.duration, stream.language, stream.programme) == (None, None, None, None)
    odd = one(sample_rate="N/A", start_time="N/A", duration="1.5", channels=2, codec_name="aac")
    assert (odd.sample_rate, odd.start, odd.duration, odd.known) == (0, None, 1.5, True)
    assert not one(channels=0, codec_name="aac").known
    assert not one(channels=1, codec_name="unknown").known
    assert (read().duration, read().start, read().title) == (None, None, None)


@pytest.mark.parametrize(
    ("disposition", "default", "side"),
    [
        ({}, False, False),
        ({"default": 1}, True, False),
        ({"default": 0, "comment": 1}, False, True),
        ({"visual_impaired": 1}, False, True),
        ({"hearing_impaired": 1}, False, True),
        ({"dub": 1}, False, True),
        ({"karaoke": 1}, False, True),
        ({"clean_effects": 1}, False, True),
        ({"original": 1, "forced": 1}, False, False),
    ],
)
def test_streams_beside_the_programme_are_recognised(disposition: dict[str, int], default: bool, side: bool) -> None:
    stream = one(disposition=disposition)
    assert (stream.default, stream.side) == (default, side)


@pytest.mark.parametrize(("written", "language"), [("eng", "eng"), ("und", None), ("", None), ("e\x1bng", "e\ufffdng")])
def test_a_language_that_is_not_determined_is_none(written: str, language: str | None) -> None:
    assert one(tags={"language": written}).language == language


@pytest.mark.parametrize(
    ("sample_fmt", "wide"),
    [("s16", False), ("s16p", False), ("u8", False), ("s32", True), ("s32p", True), ("fltp", True), ("dbl", True)],
)
def test_a_stream_has_more_than_16_bits_if_its_decoder_gives_them(sample_fmt: str, wide: bool) -> None:
    assert one(sample_fmt=sample_fmt).wide is wide


def test_only_audio_is_a_stream_and_a_cover_is_no_video() -> None:
    picture = {"codec_type": "video"}
    cover = {"codec_type": "video", "disposition": {"attached_pic": 1}}
    assert [stream.index for stream in read(picture, {}, {"codec_type": "data"}, {}).streams] == [1, 3]
    files: list[list[dict[str, Any]]] = [[picture, {}], [cover, {}], [{}]]
    assert [read(*streams).has_video for streams in files] == [True, False, False]


def test_each_stream_has_its_programme() -> None:
    programs = ({"program_id": 7, "streams": [{"index": 1}]}, {"program_id": 8, "streams": [{"index": 2}]})
    assert [stream.programme for stream in read({}, {}, {}, programs=programs).streams] == [None, 7, 8]


def test_a_title_is_one_printable_line_of_bounded_length() -> None:
    assert read(tags={"title": "  a\ntalk\x1b[2J "}).title == "a talk\ufffd[2J"
    assert len(str(read(tags={"title": "x" * 999}).title)) == 200
    assert read(tags={"title": " \n "}).title is None


def test_every_format_is_one_of_ffmpegs() -> None:
    listed = subprocess.run(["ffmpeg", "-hide_banner", "-demuxers"], capture_output=True, text=True, check=True).stdout
    known = {name for line in listed.splitlines() if line.startswith(" D") for name in line.split()[1].split(",")}
    assert "matroska" in known
    assert set(allowed_formats().split(",")) <= known


def test_times_of_a_container_count_unless_samples_alone_give_them() -> None:
    assert [has_clock(name) for name in ("matroska,webm", "mov,mp4,m4a,3gp,3g2,mj2", "ogg")] == [True] * 3
    assert [has_clock(name) for name in ("wav", "mp3", "flac", "aac")] == [False] * 4


@pytest.mark.parametrize(
    "raw",
    [
        {"format": "mp3"},
        {"format": "s16le; rm"},
        {"sample_rate": 99},
        {"sample_rate": 768_001},
        {"channels": 0},
        {"channels": 65},
    ],
)
def test_a_hint_that_is_impossible_is_refused_with_what_is_possible(tmp_path: Path, raw: dict[str, Any]) -> None:
    path = tmp_path / "a.raw"
    path.write_bytes(bytes(3200))
    usual: dict[str, Any] = {"format": "s16le", "sample_rate": 16_000, "channels": 1}
    with pytest.raises(BadMediaError, match=r"must be one of .*s16le") as caught:
        probe(path, RawFormat.model_construct(**(usual | raw)))
    assert caught.value.code == "bad_hint"


@pytest.mark.parametrize(
    ("raw", "wide"), [("s8", False), ("u16be", False), ("mulaw", False), ("s24le", True), ("f32le", True)]
)
def test_a_hint_gives_the_format_of_headerless_audio(tmp_path: Path, raw: str, wide: bool) -> None:
    path = tmp_path / "a.raw"
    path.write_bytes(bytes(3200))
    source = probe(path, RawFormat(format=raw, sample_rate=768_000, channels=64))
    (stream,) = source.streams
    assert (stream.sample_rate, stream.channels, stream.wide, stream.codec) == (768_000, 64, wide, f"pcm_{raw}")
    assert (source.container, source.has_video, source.duration, stream.layout) == (raw, False, None, None)
    assert source.options == {"format": raw, "ar": 768_000, "ac": 64}


@pytest.mark.parametrize("name", ["A.RAW", "a.sln", "a.ulaw", "a.vox"])
def test_a_hint_is_used_for_names_of_headerless_audio_in_any_case(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"\x55" * 3200)
    with pytest.raises(BadMediaError) as caught:
        probe(path)
    assert caught.value.code == "needs_hint"
    assert probe(path, RawFormat()).container == "s16le"


def test_a_hint_is_used_for_what_is_no_media_whatever_its_name(tmp_path: Path) -> None:
    path = tmp_path / "a.dat"
    path.write_bytes(b"\x55" * 3200)
    assert probe(path, RawFormat()).container == "s16le"
    assert probe(tone(tmp_path), RawFormat()).container == "wav"
