"""Source time comes from the time stamps of what was decoded: one test per kind of misleading file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mediaindex.contract.results import NormalizedAudio
from mediaindex.contract.settings import NormalizeSettings
from mediaindex.stages.media import source_clock
from mediaindex.stages.normalize import audio_of, normalize
from mediaindex.timeline import Clock
from tests.builders import clocks
from tests.builders import media as build
from tests.builders.clicks import Clicks


def normalized(path: Path) -> NormalizedAudio:
    return normalize(path, path.parent / "out", NormalizeSettings())


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100])
def test_vorbis_has_no_false_gaps(tmp_path: Path, rate: int) -> None:
    audio = normalized(clocks.bursts(tmp_path, "speech.ogg", "-c:a", "libvorbis", rate=rate))
    assert audio.clock == Clock()
    assert audio.end == pytest.approx(10.0, abs=0.01)
    assert audio.warnings == ()


@pytest.mark.parametrize("codec", ["aac", "g726", "libvorbis", "pcm_s16le", "wmav2", "adpcm_ima_wav"])
def test_an_avi_ends_where_its_samples_end(tmp_path: Path, codec: str) -> None:
    audio = normalized(clocks.bursts(tmp_path, "speech.avi", "-c:a", codec, "-ac", "1", rate=8_000))
    assert len(audio.clock.anchors) == 1
    assert audio.end == pytest.approx(10.0, abs=0.3)  # AAC has a delay and a last frame
    assert audio.warnings == ()


def test_packets_of_a_length_that_caf_does_not_know_are_counted_by_their_samples(tmp_path: Path) -> None:
    path = Clicks("flac", "caf").write(tmp_path)
    assert path is not None
    assert normalized(path).clock == Clock()


@pytest.mark.parametrize("keep", [1.0, 0.5])
def test_an_avi_is_truncated_if_its_headers_say_so(tmp_path: Path, keep: float) -> None:
    """Its length is an estimate by its size, 2.4 % too long for this one."""
    path = clocks.bursts(tmp_path, "call.avi", "-c:a", "pcm_mulaw", "-ac", "1", seconds=60.0, rate=8_000)
    data = path.read_bytes()
    path.write_bytes(data[: round(len(data) * keep)])
    audio = normalized(path)
    assert audio.duration == pytest.approx(60.0 * keep, abs=2.0)
    assert [warning for warning in audio.warnings if warning.startswith("truncated")] == [
        f"truncated: {audio.duration:.1f} s of {audio.duration / keep:.1f} s could be decoded"
    ] * (keep < 1)


def test_comfort_noise_that_falls_out_of_amr_takes_its_time(tmp_path: Path) -> None:
    audio = normalized(clocks.amr_call(tmp_path, (100, 50), (100, 200), (100, 0)))
    assert audio.duration == pytest.approx(6.0, abs=0.05)
    assert audio.end == pytest.approx(11.0, abs=0.05)
    assert audio.clock.to_source(2.1) == pytest.approx(3.1, abs=0.05)
    assert audio.clock.to_source(5.0) == pytest.approx(10.0, abs=0.05)
    assert not any(warning.startswith("damaged") for warning in audio.warnings)


def test_more_gaps_than_are_kept_leave_speech_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    most, gaps = 500, 1300
    monkeypatch.setattr(source_clock, "MOST_STEPS", most)
    audio = normalized(clocks.many_gaps(tmp_path, gaps=gaps, speech=10.0))
    assert len(audio.clock.anchors) <= most
    assert audio.end == pytest.approx(gaps * 0.4 + 10.0, abs=0.1)
    assert audio.clock.to_source(audio.duration - 9.0) == pytest.approx(gaps * 0.4 + 1.0, abs=0.1)
    assert not any(warning.startswith("truncated") for warning in audio.warnings)


@pytest.mark.parametrize("name", ["speech.m4a", "speech.mkv", "speech.ts"])
def test_damaged_frames_do_not_move_what_comes_after(tmp_path: Path, name: str) -> None:
    whole = clocks.bursts(tmp_path, name, "-c:a", "aac", "-b:a", "64k", seconds=20.0)
    audio = normalized(clocks.zeroed(whole, first=0.3, last=0.6))
    start = audio.start
    assert audio.duration < 16.0
    assert audio.end - start == pytest.approx(20.0, abs=0.15)
    assert bursts_of(audio, tmp_path)[-3:] == pytest.approx([start + 18.2, start + 18.9, start + 19.6], abs=0.06)
    assert any(warning.endswith("the time stamps are believed") for warning in audio.warnings)


@pytest.mark.parametrize("late", [0.0, 3.0])
def test_an_empty_edit_is_silent(tmp_path: Path, late: float) -> None:
    whole = clocks.bursts(tmp_path, "speech.m4a", "-c:a", "aac", seconds=20.0)
    begins = [(late, None)] if late else []
    audio = normalized(clocks.edited(whole, *begins, (7.0, 0.0), (5.0, None), (13.0, 7.0)))
    assert audio.duration == pytest.approx(20.0, abs=0.15)
    assert audio.end == pytest.approx(late + 25.0, abs=0.15)
    assert not [at for at in bursts_of(audio, tmp_path) if late + 7.06 < at < late + 11.95]
    assert bursts_of(audio, tmp_path)[-1] == pytest.approx(late + 24.6, abs=0.06)


@pytest.mark.parametrize("name", ["ice.opus", "ice.mkv", "ice.ts", "ice.asf", "ice.flv", "ice.nut"])
def test_a_late_start_is_no_loss(tmp_path: Path, name: str) -> None:
    codec = "libopus" if name.endswith("opus") else "aac"
    options = ("-c:a", codec, "-output_ts_offset", "18000")
    audio = normalized(clocks.bursts(tmp_path, name, *options, rate=48_000 if codec == "libopus" else 44_100))
    assert audio.start == pytest.approx(18_000, abs=1.5)
    assert audio.duration == pytest.approx(10.0, abs=0.1)
    assert audio.warnings == ()


def test_both_recordings_of_a_joined_file_are_decoded(tmp_path: Path) -> None:
    """The clock of the second begins anew; the source's clock goes on by its samples."""
    parts = [clocks.bursts(tmp_path, f"{number}.ts", "-c:a", "mp2", rate=48_000).read_bytes() for number in range(2)]
    path = tmp_path / "joined.ts"
    path.write_bytes(b"".join(parts))
    audio = normalized(path)
    assert audio.duration == pytest.approx(20.0, abs=0.2)
    assert audio.end - audio.start == pytest.approx(20.0, abs=0.2)
    assert not any(warning.startswith("damaged") for warning in audio.warnings)
    assert any("the samples are counted" in warning for warning in audio.warnings)


@pytest.mark.parametrize(("picture", "sound"), [(100, 100), (100, 103), (103, 100), (0, 3)])
def test_a_file_starts_with_its_earliest_stream(tmp_path: Path, picture: int, sound: int) -> None:
    path, delay = tmp_path / "talk.mkv", ("-itsoffset", f"{sound}")
    build.ffmpeg(
        *("-itsoffset", f"{picture}", "-i", build.video(tmp_path, sound=False), *delay, "-i", build.tone(tmp_path)),
        *("-c:v", "copy", "-c:a", "flac", "-copyts", path),
    )
    audio = normalized(path)
    assert audio.start == pytest.approx(sound, abs=0.05)
    assert audio.file_start == pytest.approx(min(picture, sound), abs=0.05)


def test_overlapping_time_stamps_do_not_push_the_end_behind_the_file(tmp_path: Path) -> None:
    """A sound card that runs 2 % too fast: the samples last longer than the recording."""
    whole, path = clocks.bursts(tmp_path, "whole.mka", "-c:a", "flac", seconds=20.0), tmp_path / "fast.mkv"
    build.ffmpeg("-i", whole, "-c", "copy", "-bsf:a", "setts=ts='PTS/1.02'", path)
    audio = normalized(path)
    assert audio.end == pytest.approx(20 / 1.02, abs=0.1)
    assert bursts_of(audio, tmp_path)[-1] == pytest.approx(19.6 / 1.02, abs=0.03)
    assert any("the time stamps are believed" in warning for warning in audio.warnings)


def bursts_of(audio: NormalizedAudio, folder: Path) -> list[float]:
    """Source times at which bursts of noise begin."""
    samples = np.abs(audio_of(audio, folder / "out").read())
    frames = samples[: len(samples) // 160 * 160].reshape(-1, 160).max(axis=1)
    loud = frames > 0.3 * frames.max()
    quiet_before = [not loud[max(0, index - 20) : index].any() for index in range(len(loud))]
    begins = np.flatnonzero(loud & np.array(quiet_before))
    return [audio.clock.to_source(index / 100) for index in begins]
