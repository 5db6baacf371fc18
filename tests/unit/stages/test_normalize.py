from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from mediaindex.contract.job import RawFormat
from mediaindex.contract.settings import NormalizeSettings
from mediaindex.errors import BadMediaError, ConfigError
from mediaindex.stages.normalize import audio_of, normalize
from mediaindex.timeline import Clock
from tests.builders import media as build


def pitch(samples: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(samples))
    return float(np.argmax(spectrum) * 16_000 / len(samples))


def code_of(path: Path, out: Path, settings: NormalizeSettings | None = None, raw: RawFormat | None = None) -> str:
    with pytest.raises(BadMediaError) as caught:
        normalize(path, out, settings or NormalizeSettings(), raw)
    assert "\n" not in caught.value.message
    return caught.value.code


@pytest.mark.parametrize("name", ["a.wav", "a.mp3", "a.flac", "a.ogg", "a.m4a", "a.opus", "a.mkv", "a.aiff"])
def test_every_format_becomes_16_khz_mono_flac(tmp_path: Path, name: str) -> None:
    normalized = normalize(build.tone(tmp_path, name), tmp_path / "out", NormalizeSettings())
    info = soundfile.info(tmp_path / "out" / "audio.flac")
    assert (info.format, info.samplerate, info.channels, info.subtype) == ("FLAC", 16_000, 1, "PCM_16")
    assert normalized.duration == pytest.approx(2.0, abs=0.06)
    assert abs(info.frames / 16_000 - normalized.duration) <= 0.001
    assert pitch(audio_of(normalized, tmp_path / "out").read()) == pytest.approx(440, abs=1)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["audio.flac"]


def test_the_audio_of_a_video_is_used(tmp_path: Path) -> None:
    normalized = normalize(build.video(tmp_path), tmp_path / "out", NormalizeSettings())
    assert normalized.has_video
    assert normalized.codec == "aac"
    assert normalized.stream_index == 1


def test_the_identity_of_audio_does_not_depend_on_container_and_settings(tmp_path: Path) -> None:
    wav = build.tone(tmp_path, "a.wav")
    build.ffmpeg("-i", wav, tmp_path / "b.flac")
    first = normalize(wav, tmp_path / "1", NormalizeSettings())
    second = normalize(tmp_path / "b.flac", tmp_path / "2", NormalizeSettings(target_lufs=-16.0, reduce_noise=True))
    other = normalize(build.tone(tmp_path, "c.wav", hertz=441), tmp_path / "3", NormalizeSettings())
    assert first.audio_sha256 == second.audio_sha256 != other.audio_sha256


@pytest.mark.parametrize("volume", [0.2, 4.0], ids=["quiet", "loud"])
def test_loudness_reaches_the_target(tmp_path: Path, volume: float) -> None:
    tone = build.tone(tmp_path, volume=volume, seconds=5)
    first = normalize(tone, tmp_path / "1", NormalizeSettings())
    assert first.loudness_lufs is not None
    assert first.loudness_lufs + first.gain_db == pytest.approx(-23.0, abs=0.1)
    again = normalize(tmp_path / "1" / "audio.flac", tmp_path / "2", NormalizeSettings())
    assert again.loudness_lufs == pytest.approx(-23.0, abs=0.2)


def test_gain_stops_at_the_true_peak(tmp_path: Path) -> None:
    normalized = normalize(build.tone(tmp_path, seconds=5), tmp_path / "out", NormalizeSettings(target_lufs=-2.0))
    assert normalized.peak_dbfs == pytest.approx(-1.0, abs=0.05)
    assert np.abs(audio_of(normalized, tmp_path / "out").read()).max() <= 10 ** (-0.9 / 20)


def test_silence_has_no_loudness_and_no_gain(tmp_path: Path) -> None:
    normalized = normalize(build.silence(tmp_path), tmp_path / "out", NormalizeSettings())
    assert (normalized.loudness_lufs, normalized.gain_db, normalized.peak_dbfs) == (None, 0.0, None)
    assert not audio_of(normalized, tmp_path / "out").read().any()


def test_noise_reduction_removes_hiss_and_keeps_times(tmp_path: Path) -> None:
    tone_and_hiss = "aevalsrc=0.3*sin(2*PI*440*t)*between(t\\,2\\,4)+0.005*(2*random(0)-1):d=6:s=16000"
    build.ffmpeg("-f", "lavfi", "-i", tone_and_hiss, tmp_path / "noisy.wav")
    ratios = []
    for number, reduce in enumerate((False, True)):
        normalized = normalize(tmp_path / "noisy.wav", tmp_path / f"{number}", NormalizeSettings(reduce_noise=reduce))
        samples = audio_of(normalized, tmp_path / f"{number}").read()
        assert len(samples) == 6 * 16_000
        ratios.append(20 * np.log10(samples[33_000:63_000].std() / samples[70_000:].std()))
    assert ratios[1] > ratios[0] + 6


def test_the_default_stream_goes_before_one_with_more_channels(tmp_path: Path) -> None:
    normalized = normalize(build.several_streams(tmp_path, default=1), tmp_path / "out", NormalizeSettings())
    assert normalized.stream_index == 1
    assert pitch(audio_of(normalized, tmp_path / "out").read()) == pytest.approx(600, abs=1)


def test_channels_are_kept_on_request(tmp_path: Path) -> None:
    normalized = normalize(build.party_a_channel(tmp_path), tmp_path / "out", NormalizeSettings(keep_channels=True))
    samples, rate = soundfile.read(tmp_path / "out" / "channels.flac")
    assert (normalized.channels_kept, rate, samples.shape[1]) == (2, 16_000, 2)
    assert pitch(samples[:16_000, 0]) == pytest.approx(300, abs=2)
    assert pitch(samples[16_000:32_000, 1]) == pytest.approx(900, abs=2)
    assert np.abs(samples[17_000:, 0]).max() < 0.001
    assert np.abs(samples).max() < 0.95  # with its own gain, no channel clips


def test_all_channels_of_an_unknown_layout_are_mixed(tmp_path: Path) -> None:
    pitches = (300, 400, 500, 600, 700, 800)
    tones = "|".join(f"0.5*sin(2*PI*{hertz}*t)" for hertz in pitches)
    build.ffmpeg("-f", "lavfi", "-i", f"aevalsrc={tones}:d=2:s=16000:c=6c", "-f", "s16le", tmp_path / "six.raw")
    normalized = normalize(tmp_path / "six.raw", tmp_path / "out", NormalizeSettings(), RawFormat(channels=6))
    spectrum = np.abs(np.fft.rfft(audio_of(normalized, tmp_path / "out").read()))
    peaks = [spectrum[round(hertz * normalized.duration)] for hertz in pitches]
    assert min(peaks) > 0.9 * max(peaks)


def test_the_title_is_printable_and_a_picture_is_not_video(tmp_path: Path) -> None:
    normalized = normalize(build.cover_picture(tmp_path), tmp_path / "out", NormalizeSettings())
    assert not normalized.has_video
    assert normalized.title is not None
    assert normalized.title.startswith("A talk")
    assert normalized.title.isprintable()


def test_late_start_is_kept(tmp_path: Path) -> None:
    normalized = normalize(build.late_start(tmp_path, start=100.0), tmp_path / "out", NormalizeSettings())
    assert normalized.start == pytest.approx(101.4, abs=0.05)
    assert normalized.end == pytest.approx(103.4, abs=0.1)


def test_a_gap_moves_the_clock_and_not_the_audio(tmp_path: Path) -> None:
    normalized = normalize(build.gap(tmp_path, after=2.0, length=30.0), tmp_path / "out", NormalizeSettings())
    assert normalized.duration == pytest.approx(4.0, abs=0.1)
    assert normalized.clock.to_source(1.0) == pytest.approx(1.0, abs=0.05)
    assert normalized.clock.to_source(3.0) == pytest.approx(33.0, abs=0.05)
    told = "clock: time stamps span 34.01 s, but there are samples for 4.01 s (1 jump); the time stamps are believed"
    assert normalized.warnings == (told,)  # nothing is missing


@pytest.mark.parametrize("length", [1e6, -1.5])
def test_absurd_or_backward_time_stamps_are_ignored(tmp_path: Path, length: float) -> None:
    normalized = normalize(build.gap(tmp_path, after=2.0, length=length), tmp_path / "out", NormalizeSettings())
    assert normalized.duration == pytest.approx(4.0, abs=0.1)
    assert normalized.end == pytest.approx(4.0, abs=0.1)


@pytest.mark.parametrize("name", ["a.mp3", "a.m4a", "a.flac"])
def test_encoder_delay_is_not_a_late_start(tmp_path: Path, name: str) -> None:
    assert normalize(build.tone(tmp_path, name), tmp_path / "out", NormalizeSettings()).clock == Clock()


def test_unusable_recordings_have_an_error_code(tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert code_of(build.empty(tmp_path), out) == "empty_file"
    assert code_of(tmp_path / "nothing.wav", out) == "missing_file"
    assert code_of(build.text_named_mp3(tmp_path), out) == "not_media"
    assert code_of(build.video(tmp_path, sound=False), out) == "no_audio_stream"
    assert code_of(build.truncated(tmp_path, "cut.mp4", keep=0.5), out) == "truncated"
    assert code_of(build.truncated(tmp_path, "cut.wav", keep=0.00002), out) == "truncated"
    assert code_of(build.silence(tmp_path, seconds=0.01), out) == "empty_audio"
    assert code_of(build.tone(tmp_path, seconds=3), out, NormalizeSettings(max_seconds=2.0)) == "too_long"
    assert not list(out.glob("**/*"))


@pytest.mark.parametrize("name", ["cut.wav", "cut.m4a", "cut.flac"])
def test_the_rest_of_a_truncated_file_is_kept_with_a_warning(tmp_path: Path, name: str) -> None:
    normalized = normalize(build.truncated(tmp_path, name, keep=0.5), tmp_path / "out", NormalizeSettings())
    assert 5.0 < normalized.duration < 15.0
    assert normalized.warnings


def test_good_recordings_have_no_warnings(tmp_path: Path) -> None:
    assert normalize(build.video(tmp_path), tmp_path / "out", NormalizeSettings()).warnings == ()


def test_headerless_audio_needs_a_hint(tmp_path: Path) -> None:
    raw = build.headerless(tmp_path)
    assert code_of(raw, tmp_path / "out") == "needs_hint"
    assert code_of(raw, tmp_path / "out", raw=RawFormat(format="hls")) == "bad_hint"
    assert normalize(raw, tmp_path / "out", NormalizeSettings(), RawFormat()).duration == 2.0


def test_a_hint_does_not_override_a_header(tmp_path: Path) -> None:
    normalized = normalize(build.tone(tmp_path), tmp_path / "out", NormalizeSettings(), RawFormat(sample_rate=8000))
    assert normalized.container == "wav"


@pytest.mark.parametrize("name", ["list.mp3", "list.m3u8", "list.wav", "concat.wav", "concat.ffconcat"])
def test_a_file_cannot_make_ffmpeg_read_another(tmp_path: Path, name: str) -> None:
    victim = build.tone(tmp_path, "victim.mp3")
    assert code_of(build.playlist(tmp_path, name, victim), tmp_path / "out") == "format_not_allowed"


@pytest.mark.parametrize(
    "name", ["-i.wav", "http:x.wav", "a b;'\"$(x).wav", "%03d.wav", "concat:a|b.wav", "zeile\n.wav"]
)
def test_names_of_files_are_not_interpreted(tmp_path: Path, name: str) -> None:
    path = build.tone(tmp_path).rename(tmp_path / name)
    assert normalize(path, tmp_path / "out", NormalizeSettings()).duration == 2.0


def test_the_source_is_never_replaced(tmp_path: Path) -> None:
    path = build.tone(tmp_path, "audio.flac")
    with pytest.raises(ConfigError):
        normalize(path, tmp_path, NormalizeSettings())
