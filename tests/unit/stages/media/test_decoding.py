"""Time and room that decoding gets, what it refuses, and the report of its frames."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from mediaindex.errors import BadMediaError
from mediaindex.stages.media import decode as module
from mediaindex.stages.media.decode import Pcm, decode, decode_command, read_channel, read_channels, read_samples
from mediaindex.stages.media.frames import report, reported
from mediaindex.stages.media.probe import AudioStream, SourceFile, probe
from mediaindex.stages.media.tracks import choose_stream
from mediaindex.timeline import Span
from tests.builders.media import ffmpeg, tone
from tests.builders.probed import audio_stream, source_file


def sized(tmp_path: Path, size: int) -> Path:
    path = tmp_path / "talk.mp4"
    with path.open("wb") as file:
        file.truncate(size)
    return path


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time limits (s) of commands, which do not run."""
    given: list[float] = []
    monkeypatch.setattr(module, "run", lambda _command, limit_s, _consume, **_: given.append(limit_s))
    return given


@pytest.mark.parametrize(
    ("stream_s", "file_s", "size", "limit_s"),
    [
        (3600.0, 9.0, 100, 1020.0),
        (None, 3600.0, 100, 1020.0),
        (None, None, 100, 120.0),
        (10.0, None, 14_400_000, 1020.0),  # a header that says too little
        (1e9, None, 100, 120.0 + 7200 / 4),  # or too much
    ],
)
def test_the_time_limit_grows_with_what_the_header_says_and_with_the_size(
    tmp_path: Path, limits: list[float], stream_s: float | None, file_s: float | None, size: int, limit_s: float
) -> None:
    stream = audio_stream(duration=stream_s)
    source = source_file(stream, path=sized(tmp_path, size), duration=file_s)
    read_channels(source, stream, lambda _piece: None, max_seconds=7200.0)
    assert limits == [pytest.approx(limit_s, abs=0.1)]


def options(command: list[str], name: str) -> list[str]:
    return [value for option, value in pairwise(command) if option == name]


def test_what_is_written_ends_at_the_longest_duration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    commands: list[list[str]] = []
    monkeypatch.setattr(module, "run", lambda command, *_, **__: commands.append(command))
    stream = audio_stream(channels=3)
    source = source_file(stream, path=sized(tmp_path, 9))
    read_channels(source, stream, print, max_seconds=10.0)
    read_channel(source, stream, 1, (("highpass", 400),), print, max_seconds=10.0)
    read_samples(source, stream, print, max_seconds=10.0)
    assert [options(command, "-fs") for command in commands] == [["960000"], ["320000"], ["640000"]]
    frames, channels = tmp_path / "frames.txt", tmp_path / "channels.pcm"
    command = decode_command(source, stream, frames, channels, 10.0, None)
    assert options(command, "-fs") == [str(report(10.0)["fs"]), "960000"]


@pytest.mark.parametrize(
    ("stream", "alone", "graph"),
    [
        (audio_stream(), None, ""),
        (audio_stream(channels=2, layout="stereo"), None, ""),
        (audio_stream(channels=3, layout=None), None, "pan=mono|c0<c0+c1+c2"),
        (audio_stream(channels=3, layout=None), 1, "pan=mono|c0<c1"),
        (audio_stream(scale_db=-90.3), None, "volume=-90.3dB"),
        (audio_stream(silent=(Span(1.0, 2.5),)), None, "aselect=not(gte(t,1.000000)*lt(t,2.500000))"),
        (
            audio_stream(silent=(Span(1.0, 2.0), Span(3.0, 4.0)), scale_db=3.0),
            None,
            "aselect=not(gte(t,1.000000)*lt(t,2.000000)+gte(t,3.000000)*lt(t,4.000000)) volume=3.0dB",
        ),
    ],
)
def test_the_filters_are_those_that_the_stream_needs(stream: AudioStream, alone: int | None, graph: str) -> None:
    command = decode_command(source_file(stream), stream, Path("frames.txt"), None, 10.0, alone)
    given = options(command, "-filter_complex")[0].replace("\\", "")
    steps = [step.split("]", 1)[1].split("[")[0] for step in given.split(";")]
    assert [step for step in steps if not step.startswith(("aformat", "asplit"))] == graph.split()


def of(path: Path, folder: Path, **more: Any) -> Pcm:
    source: SourceFile = probe(path)
    usual: dict[str, Any] = {"keep_channels": True, "max_seconds": 10.0, "gap_tolerance": 0.01}
    return decode(source, choose_stream(source), folder, **(usual | more))


@pytest.mark.parametrize(("channels", "kept"), [(1, 1), (2, 2), (8, 8), (9, 1)])
def test_as_many_channels_are_kept_as_flac_can_hold(tmp_path: Path, channels: int, kept: int) -> None:
    path = tmp_path / "a.caf"
    zeros = "|".join(["0.1"] * channels)
    ffmpeg("-f", "lavfi", "-i", f"aevalsrc={zeros}:d=0.1:s=16000", "-c:a", "pcm_s16le", path)
    pcm = of(path, tmp_path)
    assert (pcm.channels, pcm.channels_path is not None, pcm.samples) == (kept, kept > 1, 1600)
    assert pcm.seconds == 0.1
    assert of(path, tmp_path, keep_channels=False).channels == 1


@pytest.mark.parametrize(("seconds", "code"), [(0.01, "empty_audio"), (11.0, "too_long")])
def test_too_little_and_too_much_audio_is_refused(tmp_path: Path, seconds: float, code: str) -> None:
    with pytest.raises(BadMediaError) as caught:
        of(tone(tmp_path, seconds=seconds), tmp_path)
    assert caught.value.code == code
    for enough in (0.02, 10.0):
        assert of(tone(tmp_path, seconds=enough), tmp_path).seconds == pytest.approx(enough, abs=0.001)


def test_a_report_that_was_cut_off_is_read_to_its_last_whole_line(tmp_path: Path) -> None:
    path = tmp_path / "frames.txt"
    lines = [
        "#tb 0: 1/16000",
        "0,          0,        160,      320,      640, 0x1",
        "0, 1, -800, 160, 320, 0x2",
        "0, 2, 3",
    ]
    path.write_text("\n".join(lines))
    assert list(reported(path)) == [(160, 320), (-800, 160)]
