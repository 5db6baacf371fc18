"""The gain to the target loudness, and the noise that is taken away before."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mediaindex.errors import TransientError
from mediaindex.stages.media.encode import encode_flac, noise_filter
from mediaindex.stages.media.levels import frame_levels, snr_db
from mediaindex.stages.media.loudness import Loudness, _parse, gain_db, join
from mediaindex.stages.media.robust_levels import limiter


@pytest.mark.parametrize(
    ("loudness", "gain"),
    [
        (Loudness(-33.0, -20.0), 10.0),
        (Loudness(-13.0, -1.0), -10.0),
        (Loudness(-60.0, -50.0), 30.0),  # not more, so that near silence stays quiet
        (Loudness(-33.0, -5.0), 4.0),  # not more, so that the peak stays below its limit
        (Loudness(-25.0, 3.0), -4.0),
        (Loudness(-33.0, None), 10.0),
        (Loudness(None, -20.0), 0.0),
        (Loudness(None, None), 0.0),
        (Loudness(-23.456, None), 0.46),
    ],
)
def test_the_gain_is_limited_by_the_peak_and_upwards_only(loudness: Loudness, gain: float) -> None:
    assert gain_db(loudness, -23.0, -1.0, 30.0) == pytest.approx(gain)


def test_a_loudness_is_shifted_by_a_gain() -> None:
    assert Loudness(-23.04, -3.0).shifted(6.0) == Loudness(-17.0, 3.0)
    assert Loudness(None, -3.0).shifted(6.0) == Loudness(None, 3.0)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (("I: -23.1 LUFS", "Peak: -3.0 dBFS"), Loudness(-23.1, -3.0)),
        (("I: -40.0 LUFS", "I: -23.1 LUFS", "Peak: -9.0 dBFS", "Peak: -3.0 dBFS"), Loudness(-23.1, -3.0)),
        (("I: -70.0 LUFS", "Peak: -inf dBFS"), Loudness(None, None)),  # the gate of R128
        (("I: -69.9 LUFS", "Peak: -60.0 dBFS"), Loudness(-69.9, -60.0)),
        (("I: nan LUFS",), Loudness(None, None)),
        ((), Loudness(None, None)),
        (("title I: -1.0 LUFS",), Loudness(None, None)),
    ],
)
def test_the_last_summary_of_the_meter_counts(lines: tuple[str, ...], expected: Loudness) -> None:
    assert _parse(lines) == expected


def test_filters_are_joined_without_those_that_are_not_needed() -> None:
    assert join(["a", None, "b"]) == "a,b"
    assert join([None, None]) is None


def test_a_limiter_raises_to_full_scale_and_lowers_again() -> None:
    raised, limiting, lowered = limiter(-12.5).split(",")
    assert (raised, lowered) == ("volume=12.50dB", "volume=-12.50dB")
    assert limiting.startswith("alimiter=limit=1:")


def hiss(folder: Path, decibels: float) -> Path:
    """Noise at this level (dB), with a loud second in ten."""
    path = folder / "a.pcm"
    samples = np.random.default_rng(2).normal(0, 10 ** (decibels / 20), 160_000)
    samples[:16_000] *= 10
    path.write_bytes(np.clip(samples * 32768, -32768, 32767).astype("<i2").tobytes())
    return path


@pytest.mark.parametrize(("decibels", "floor"), [(-50.0, -45.0), (-120.0, -80.0), (-10.0, -20.0)])
def test_the_denoiser_is_told_the_level_of_the_quietest_tenth(tmp_path: Path, decibels: float, floor: float) -> None:
    told = noise_filter(hiss(tmp_path, decibels))
    assert told.startswith("afftdn=nr=12:nf=")
    assert float(told.rpartition("=")[2]) == pytest.approx(floor, abs=1.5)


def test_a_flac_file_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    pcm, target = hiss(tmp_path, -30.0), tmp_path / "audio.flac"
    with pytest.raises(TransientError, match=r"audio\.flac cannot be written") as caught:
        encode_flac(pcm, 1, 10.0, "nofilter", target)
    assert caught.value.code == "ffmpeg_failed"
    assert list(tmp_path.iterdir()) == [pcm]
    encode_flac(pcm, 1, 10.0, None, target)
    assert sorted(tmp_path.iterdir()) == [pcm, target]


def test_the_last_frame_is_padded_with_silence() -> None:
    powers = frame_levels(np.full(6, 0.5, np.float32), 4)
    assert powers.tolist() == [0.25, 0.125]


@pytest.mark.parametrize(
    ("speech", "noise", "count", "expected"),
    [(0.1, 0.001, 10, 20.0), (0.1, 0.0, 10, 60.0), (1e-4, 0.01, 10, -20.0), (0.1, 0.001, 9, None)],
)
def test_the_ratio_of_speech_to_background_needs_enough_of_both(
    speech: float, noise: float, count: int, expected: float | None
) -> None:
    powers = np.array([speech + noise] * count + [noise] * count, np.float32)
    is_speech = np.arange(2 * count) < count
    assert snr_db(powers, is_speech, ~is_speech) == (expected if expected is None else pytest.approx(expected, abs=0.1))


def test_a_slamming_door_is_no_background_and_a_shout_no_speech() -> None:
    powers = np.array([0.101] * 99 + [50.0] + [0.001] * 99 + [50.0], np.float32)
    is_speech = np.arange(200) < 100
    assert snr_db(powers, is_speech, ~is_speech) == pytest.approx(20.0, abs=0.1)
