"""All sound of a file is used, or a warning says what is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from mediaindex.contract.settings import TrackPolicy
from mediaindex.stages.media.riff import rest_of
from tests.builders import media as build
from tests.builders import tracks as files
from tests.builders.tones import run, tones
from tests.builders.tracks import SILENCE, sine


def test_multitrack_files_lose_no_speaker(tmp_path: Path) -> None:
    path = files.tracks(tmp_path, sine(300), sine(900), name="a.mp4")
    normalized = run(path)
    assert (tones(normalized, path), normalized.tracks, normalized.warnings) == ({300, 900}, (0, 1), ())
    assert normalized.duration == pytest.approx(3.0, abs=0.1)
    assert normalized.channels_kept == 1
    assert tones(run(path, "first"), path) == {300}


def test_a_silent_first_track_does_not_hide_the_second(tmp_path: Path) -> None:
    path = files.tracks(tmp_path, SILENCE, sine(900))
    normalized = run(path)
    assert (tones(normalized, path), normalized.tracks) == ({900}, ())
    assert run(path, "first").loudness_lufs is None


def test_of_silent_tracks_one_is_used(tmp_path: Path) -> None:
    normalized = run(files.tracks(tmp_path, SILENCE, SILENCE))
    assert (normalized.tracks, normalized.loudness_lufs) == ((), None)


def test_a_track_that_begins_later_keeps_its_time(tmp_path: Path) -> None:
    path = files.tracks(tmp_path, sine(300), sine(900), late=2.0)
    normalized = run(path)
    assert normalized.duration == pytest.approx(5.0, abs=0.05)
    parts = [tones(normalized, path, start, start + 0.6) for start in (0.5, 2.2, 3.5)]
    assert parts == [{300}, {300, 900}, {900}]


def test_a_gap_of_all_tracks_stays_a_jump_of_the_clock(tmp_path: Path) -> None:
    path = files.tracks(tmp_path, sine(300), sine(900), late=60.0)
    normalized = run(path)
    assert normalized.duration == pytest.approx(6.0, abs=0.05)
    assert normalized.clock.to_source(4.0) == pytest.approx(61.0, abs=0.05)


def test_each_track_is_a_channel(tmp_path: Path) -> None:
    path = files.tracks(tmp_path, sine(300), sine(900), languages=("eng", "fra"))
    normalized = run(path, "each")
    assert (normalized.channels_kept, normalized.speaker_per_channel) == (2, True)
    samples, _ = soundfile.read(tmp_path / "out" / "channels.flac")
    assert [int(np.argmax(np.abs(np.fft.rfft(channel))) * 16_000 / len(channel) + 0.5) for channel in samples.T] == [
        300,
        900,
    ]


@pytest.mark.parametrize("tracks", ["mix", "first"])
def test_kept_channels_are_those_of_the_only_track(tmp_path: Path, tracks: TrackPolicy) -> None:
    path = files.tracks(tmp_path, sine(300) + ",aformat=channel_layouts=stereo", SILENCE)
    normalized = run(path, tracks, keep_channels=True)
    assert (normalized.channels_kept, normalized.speaker_per_channel) == (2, False)


def test_a_track_in_another_language_is_left_out_with_a_warning(tmp_path: Path) -> None:
    path = build.several_streams(tmp_path, default=1)
    normalized = run(path)
    assert normalized.tracks == ()
    assert normalized.warnings == (
        "tracks left out: 1 (eng), 3 (fra): they are in another language or programme than the main track",
    )


@pytest.mark.parametrize("service", [1, 2])
def test_ts_pid_change_continues_on_the_next_track(tmp_path: Path, service: int) -> None:
    path = files.programmes(tmp_path, second_service=service)
    normalized = run(path)
    assert normalized.duration == pytest.approx(7.0, abs=0.1)
    assert (tones(normalized, path, 0.5, 2.5), tones(normalized, path, 3.5, 6.5)) == ({300}, {900})
    assert normalized.end - normalized.start == pytest.approx(7.0, abs=0.1)


def test_programmes_at_the_same_time_are_not_mixed(tmp_path: Path) -> None:
    path = files.programmes_at_once(tmp_path)
    normalized = run(path)
    assert (tones(normalized, path), normalized.tracks) == ({300}, ())
    assert normalized.warnings[0].startswith("tracks left out: 2: they are in another language or programme")


def test_the_loudness_of_a_mix_is_that_of_what_is_heard(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    one, two = files.tracks(tmp_path / "one", sine(300)), files.tracks(tmp_path, sine(300), sine(300))
    assert run(two).loudness_lufs == pytest.approx(run(one).loudness_lufs, abs=0.2)


@pytest.mark.parametrize("name", ["a.ts", "a.flv", "a.mpg"])
def test_late_audio_is_found_and_keeps_its_offset(tmp_path: Path, name: str) -> None:
    path = files.late_audio(tmp_path, name)
    normalized = run(path)
    assert normalized.duration == pytest.approx(4.0, abs=0.1)
    assert 11.5 < normalized.start < 14.5  # containers add delays of their own
    assert tones(normalized, path) == {440}


def test_wav_understated_is_read_to_the_end(tmp_path: Path) -> None:
    normalized = run(files.understated(build.tone(tmp_path, seconds=6.0), 2.0))
    assert normalized.duration > 5.9
    assert normalized.warnings[0].startswith("understated: the header says ")


def test_joined_wav_files_are_both_read(tmp_path: Path) -> None:
    parts = [build.tone(tmp_path, f"{hertz}.wav", seconds=3.0, hertz=hertz) for hertz in (300, 900)]
    path = files.joined(tmp_path / "a.wav", parts)
    normalized = run(path)
    assert normalized.duration == pytest.approx(6.0, abs=0.05)
    assert tones(normalized, path, 3.5) == {900}
    assert normalized.warnings


def test_what_follows_an_aiff_and_is_not_read_is_a_warning(tmp_path: Path) -> None:
    path = build.tone(tmp_path, "a.aiff")
    path.write_bytes(path.read_bytes() + b"\x10" * 10_000)
    assert "not read" in run(path).warnings[0]


@pytest.mark.parametrize(
    "tail", [b"", b"LIST\x04\x20\0\0" + bytes(8196), b"id3 \xff\xff\0\0" + bytes(10_000), bytes(512)]
)
def test_chunks_after_the_audio_are_no_audio(tmp_path: Path, tail: bytes) -> None:
    path = build.tone(tmp_path)
    path.write_bytes(path.read_bytes() + tail)
    assert rest_of(path) is None


def test_a_microphone_on_the_lfe_channel_is_kept(tmp_path: Path) -> None:
    voice = "0.2*sin(2*PI*900*t)"
    path = build.channels(tmp_path, "a.flac", "0.2*sin(2*PI*300*t)", "0", "0", voice, "0", "0")
    assert tones(run(path), path) == {300, 900}


def test_ambisonic_sound_is_the_omnidirectional_channel(tmp_path: Path) -> None:
    field = ("0.2*sin(2*PI*440*t)", "0.2*sin(2*PI*900*t)", "0", "0")
    path = files.ambisonic(tmp_path, *field)
    normalized = run(path)
    assert (normalized.source_channels, tones(normalized, path)) == (4, {440})
