"""Every command that reads a recording is limited: which protocols it opens, how many streams, how much at once."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from mediaindex.contract.settings import NormalizeSettings
from mediaindex.errors import BadMediaError, DoubtfulError
from mediaindex.stages.media import probe as probing
from mediaindex.stages.media import process
from mediaindex.stages.media.commands import Output, convert, inspect, pcm_reading
from mediaindex.stages.media.decode import decode_command, read_channels
from mediaindex.stages.media.limits import Files, Limits
from mediaindex.stages.media.probe import probe
from mediaindex.stages.media.process import run
from mediaindex.stages.media.tracks import choose_stream
from mediaindex.stages.normalize import normalize
from tests.builders.hostile import sample_table
from tests.builders.media import tone
from tests.builders.probed import audio_stream, source_file
from tests.builders.tracks import sine, tracks

HARDENED = {"-protocol_whitelist": "file,pipe", "-max_streams": "64"}
MB = 1 << 20


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that run."""
    ran: list[list[str]] = []
    start: Callable[..., object] = process._started

    def started(command: list[str], files: Files, limits: Limits) -> object:
        ran.append(list(command))
        return start(command, files, limits)

    monkeypatch.setattr(process, "_started", started)
    return ran


def options(command: list[str]) -> dict[str, str]:
    """The options of the input."""
    end = len(command) if command[0] == "ffprobe" else command.index("-i")
    return dict(pairwise(command[:end]))


def test_no_command_reads_a_recording_without_limits(tmp_path: Path, commands: list[list[str]]) -> None:
    recordings = (
        tracks(tmp_path, sine(300), f"{sine(900)},aformat=channel_layouts=5.1"),
        tone(tmp_path, "loud.wav"),
        tone(tmp_path, "small.mov"),
    )
    for path in recordings:
        normalize(path, tmp_path / path.stem, NormalizeSettings(keep_channels=True))
    reading = [command for command in commands if any(f"file:{path}" in command for path in recordings)]
    assert {command[0] for command in reading} == {"ffmpeg", "ffprobe"}
    for command in reading:
        given = options(command)
        assert given.items() >= HARDENED.items()
        assert command[command.index("-max_alloc") + 1] == str(512 * MB)
        assert "concat" not in given["-format_whitelist"].split(",")
        if command[0] == "ffmpeg":
            assert "h264" not in given["-codec_whitelist"].split(",")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A server that anything may call, also ffmpeg: it runs without containment."""
    monkeypatch.setenv("MEDIAINDEX_CONTAINMENT", "off")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield listening


def test_neither_program_opens_a_connection(tmp_path: Path, server: socket.socket) -> None:
    source = probe(tone(tmp_path))
    address = f"http://127.0.0.1:{server.getsockname()[1]}/a.wav"
    decoding = decode_command(source, choose_stream(source), tmp_path / "frames.txt", None, 60.0, None)
    decoding[decoding.index("-i") + 1] = address
    for command in (decoding, inspect(address, {"show_format": None})):
        ended = run(command, 20.0, lambda _piece: None, name="a.wav")
        assert ended.code != 0
        assert any("Protocol 'http' not on whitelist" in message for message in ended.messages)
        with pytest.raises(BlockingIOError):
            server.accept()


def test_a_file_of_too_many_streams_is_not_decoded(tmp_path: Path) -> None:
    """Also if its headers were read in another way."""
    path = sample_table(tmp_path, samples=1, tracks=90)
    stream = audio_stream()
    with pytest.raises(DoubtfulError) as caught:
        read_channels(source_file(stream, path=path), stream, lambda _piece: None, max_seconds=60.0)
    assert caught.value.code == "media_limit"


def test_no_single_allocation_is_larger_than_512_mb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit of all memory grows with the file; this one does not."""
    monkeypatch.setenv("MEDIAINDEX_DECODER_MEMORY_MB", "8000")
    large = tmp_path / "large.pcm"
    with large.open("wb") as file:
        file.truncate(100 * MB)
    assert Limits.of(Files((large,)), 60.0).memory > 1024 * MB
    for samples, is_allowed in ((50 * MB, True), (270 * MB, False)):  # of two bytes, in one frame
        output = Output("pipe:1", {"format": "s16le", "fs": 1000}, [("asetnsamples", samples)])
        command = convert(f"file:{large}", "0", [output], reading=pcm_reading(1) | {"t": 1}, overwrite=False)
        assert (run(command, 60.0, lambda _piece: None, name="large.pcm").code == 0) is is_allowed


def test_headers_that_no_recording_has_end_the_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "LARGEST_PROBE", 1 * MB)
    path = tone(tmp_path)
    title = b"INFOINAM" + (3 * MB).to_bytes(4, "little") + b"x" * (3 * MB)
    path.write_bytes(path.read_bytes() + b"LIST" + len(title).to_bytes(4, "little") + title)
    with pytest.raises(BadMediaError, match="the headers are too large") as caught:
        probe(path)
    assert caught.value.code == "absurd_parameters"
