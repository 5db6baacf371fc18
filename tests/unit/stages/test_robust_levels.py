"""Levels are those of the sound: no offset, no click and no scale of the samples decides them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mediaindex.contract.results import NormalizedAudio
from mediaindex.contract.settings import NormalizeSettings
from mediaindex.stages.media.robust_levels import RobustMeter
from mediaindex.stages.normalize import audio_of, normalize
from tests.builders.media import ffmpeg

# Syllables: overtones of a voice, four swells per second, with pauses.
VOICE = "0.2*(sin(2*PI*220*t)+0.5*sin(2*PI*660*t))*(0.55+0.45*sin(8*PI*t))*gt(mod(t,2),0.4)"
QUIET = 0.005


def sound(folder: Path, name: str, formula: str, codec: str = "pcm_s16le", seconds: float = 8.0) -> Path:
    """A WAV file of this formula of ``t``."""
    path = folder / f"{name}.wav"
    source = f"aevalsrc={formula.replace(',', chr(92) + ',')}:d={seconds}:s=16000"
    ffmpeg("-f", "lavfi", "-i", source, "-c:a", codec, path)
    return path


def run(path: Path) -> tuple[NormalizedAudio, np.ndarray]:
    """The facts and the samples of the normalised audio."""
    out = path.with_suffix("")
    normalized = normalize(path, out, NormalizeSettings())
    return normalized, audio_of(normalized, out).read()


def assert_alike(found: np.ndarray, expected: np.ndarray, *, within_db: float = 3.0, apart: float = 0.5) -> None:
    """The same sound at the same time and almost the same level; the first ``apart`` seconds do not count."""
    found, expected = (samples[round(apart * 16_000) :] for samples in (found, expected))
    assert np.corrcoef(found, expected)[0, 1] > 0.95
    assert abs(20 * np.log10(found.std() / expected.std())) < within_db


@pytest.mark.parametrize("offset", ["0.5", "-0.05", "0.5*sin(2*PI*0.7*t)"], ids=["constant", "small", "wandering"])
def test_dc_offset_changes_neither_level_nor_silence(tmp_path: Path, offset: str) -> None:
    _, expected = run(sound(tmp_path, "good", f"0.05*({VOICE})"))
    normalized, found = run(sound(tmp_path, "bad", f"0.05*({VOICE})+{offset}"))
    assert_alike(found, expected)
    pauses = found[[at for at in range(32_000, 96_000) if at % 32_000 < 5_000]]  # after the transient of the start
    assert np.sqrt(np.mean(np.square(pauses))) < 0.1 * found[32_000:].std()
    assert normalized.loudness_lufs is not None
    assert normalized.loudness_lufs < -40


EVENTS = {
    "click": "0.99*between(t,3,3.0025)",
    "clicks": "0.99*between(mod(t,1),0.5,0.502)",
    "pop": "0.9*between(t,3,3.03)*sin(2*PI*90*t)",
}


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS)
def test_click_quiet_speech_is_raised_as_without_the_click(tmp_path: Path, event: str) -> None:
    good, expected = run(sound(tmp_path, "good", f"{QUIET}*({VOICE})"))
    bad, found = run(sound(tmp_path, "bad", f"{QUIET}*({VOICE})+{event}"))
    assert bad.gain_db == pytest.approx(good.gain_db, abs=3)
    assert len(found) == len(expected)
    between = slice(4 * 16_000 + 1_600, 4 * 16_000 + 7_200)  # without an event
    assert np.corrcoef(found[between], expected[between])[0, 1] > 0.99
    assert np.abs(found).max() <= 10 ** (-0.9 / 20)


def test_ordinary_speech_is_only_amplified(tmp_path: Path) -> None:
    path = sound(tmp_path, "good", VOICE)
    normalized, found = run(path)
    times = np.arange(len(found)) / 16_000
    swell = (0.55 + 0.45 * np.sin(8 * np.pi * times)) * (times % 2 > 0.4)
    original = 0.2 * (np.sin(440 * np.pi * times) + 0.5 * np.sin(1320 * np.pi * times)) * swell
    assert np.abs(found - original * 10 ** (normalized.gain_db / 20)).max() < 2e-4


@pytest.mark.parametrize("scale", [32_768, 8_388_608, 4])
@pytest.mark.parametrize("codec", ["pcm_f32le", "pcm_f64be"])
def test_float_pcm_beyond_full_scale_is_scaled(tmp_path: Path, scale: int, codec: str) -> None:
    _, expected = run(sound(tmp_path, "good", VOICE))
    path = tmp_path / "bad.aifc" if codec.endswith("be") else tmp_path / "bad.wav"
    formula = f"{scale}*({VOICE})".replace(",", "\\,")
    ffmpeg("-f", "lavfi", "-i", f"aevalsrc={formula}:d=8:s=16000", "-c:a", codec, *("-f", "caf"), path)
    normalized, found = run(path)
    assert_alike(found, expected, within_db=0.5)
    assert normalized.gain_db < 0


def test_spikes_of_float_pcm_do_not_scale_it(tmp_path: Path) -> None:
    good, expected = run(sound(tmp_path, "good", VOICE, "pcm_f32le"))
    bad, found = run(sound(tmp_path, "bad", f"{VOICE}+1000*between(t,3,3.001)", "pcm_f32le"))
    assert bad.loudness_lufs == pytest.approx(good.loudness_lufs, abs=3)
    assert_alike(found[: 2 * 16_000], expected[: 2 * 16_000])


@pytest.mark.parametrize("codec", ["pcm_s24le", "pcm_f32le"])
def test_quiet_sound_of_more_than_16_bits_keeps_its_detail(tmp_path: Path, codec: str) -> None:
    normalized, found = run(sound(tmp_path, "quiet", f"0.0002*({VOICE})", codec))
    _, expected = run(sound(tmp_path, "good", VOICE))
    assert np.corrcoef(found[8_000:], expected[8_000:])[0, 1] > 0.99
    assert normalized.gain_db == 30.0


def test_sound_below_the_gate_of_r128_is_raised(tmp_path: Path) -> None:
    normalized, found = run(sound(tmp_path, "quiet", f"0.0015*({VOICE})"))
    assert normalized.loudness_lufs is not None
    assert normalized.loudness_lufs < -70
    assert normalized.gain_db == 30.0
    assert found.std() > 0.001


def test_levels_do_not_depend_on_blocks() -> None:
    samples = np.random.default_rng(1).normal(0, 0.1, 10 * 16_000).astype(np.float32)
    meters = [RobustMeter(1), RobustMeter(1)]
    meters[0].take(samples)
    for start in range(0, len(samples), 6_400):
        meters[1].take(samples[start : start + 6_400])
    first, second = (meter.levels() for meter in meters)
    assert first.ceiling_db == pytest.approx(second.ceiling_db, abs=0.01)
    assert first.offset == pytest.approx(second.offset, rel=1e-3)
