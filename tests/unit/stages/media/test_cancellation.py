from __future__ import annotations

import hashlib
import math
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mediaindex.contract.job import RawFormat
from mediaindex.contract.results import NormalizedAudio
from mediaindex.contract.settings import NormalizeSettings
from mediaindex.stages.media.cancellation import compare, suspected
from mediaindex.stages.media.decode import decode
from mediaindex.stages.media.probe import probe
from mediaindex.stages.media.tracks import choose_stream
from mediaindex.stages.normalize import audio_of, normalize
from tests.builders import media as build

# Syllables: overtones of a voice, four swells per second.
VOICE = "0.2*(sin(2*PI*220*t)+0.5*sin(2*PI*660*t)+0.3*sin(2*PI*1540*t))*(0.55+0.45*sin(8*PI*t))"
HUM = "0.2*sin(2*PI*330*t)"
RUMBLE = "0.2*sin(2*PI*60*t)"
NOTHING = "0"


def times(factor: float, sound: str) -> str:
    return f"{factor}*({sound})"


def heard(normalized: NormalizedAudio, out: Path) -> float:
    """The root mean square of the normalised audio, before its gain."""
    samples = audio_of(normalized, out).read().astype(float)
    return float(np.sqrt(np.mean(np.square(samples)))) / 10 ** (normalized.gain_db / 20)


def decoded(source: Path, *options: str) -> bytes:
    """The source as 16 kHz PCM, decoded by ffmpeg alone."""
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", str(source), *options, "-ar", "16000", "-f", "s16le", "-"]
    return subprocess.run(command, check=True, capture_output=True, timeout=300).stdout


def mixed(source: Path) -> str:
    """The hash of the plain mix."""
    return hashlib.sha256(decoded(source, "-ac", "1")).hexdigest()


@pytest.mark.parametrize("name", ["a.wav", "a.mp3", "a.flac", "a.m4a", "a.opus", "a.mkv"])
def test_an_inverted_channel_is_not_lost(tmp_path: Path, name: str) -> None:
    single = normalize(build.channels(tmp_path, "one.wav", VOICE), tmp_path / "1", NormalizeSettings())
    both = normalize(build.channels(tmp_path, name, VOICE, times(-1, VOICE)), tmp_path / "2", NormalizeSettings())
    level = 20 * math.log10(heard(both, tmp_path / "2") / heard(single, tmp_path / "1"))
    assert level == pytest.approx(0, abs=0.5)
    (warning,) = both.warnings
    assert warning.startswith("channels cancel each other out: ")
    assert both.source_channels == 2


def test_the_louder_channel_is_used_if_little_is_left_of_the_mix(tmp_path: Path) -> None:
    source = build.channels(tmp_path, "a.wav", times(-0.85, VOICE), VOICE)
    normalized = normalize(source, tmp_path / "out", NormalizeSettings())
    assert normalized.audio_sha256 == hashlib.sha256(decoded(source, "-af", "pan=mono|c0=c1")).hexdigest()
    assert normalized.warnings == (
        "channels cancel each other out: their mix is 22 dB below channel 2, which is used alone",
    )


def test_a_constant_offset_does_not_hide_the_cancellation(tmp_path: Path) -> None:
    source = build.channels(tmp_path, "a.wav", f"0.1+{VOICE}", f"0.1-{VOICE}")
    assert "channel 1" in "".join(normalize(source, tmp_path / "out", NormalizeSettings()).warnings)


def unplaced(folder: Path, channels: dict[int, float], count: int) -> Path:
    """Headerless audio of unknown layout with the voice on some channels, at a factor per channel."""
    pcm = np.frombuffer(decoded(build.channels(folder, "a.wav", VOICE)), "<i2")
    together = np.zeros((len(pcm), count), "<i2")
    for channel, factor in channels.items():
        together[:, channel] = np.round(factor * pcm)
    path = folder / "a.raw"
    path.write_bytes(together.tobytes())
    return path


@pytest.mark.parametrize("count", [3, 6, 26, 64])
def test_inverted_channels_of_an_unknown_layout_are_not_lost(tmp_path: Path, count: int) -> None:
    source = unplaced(tmp_path, {1: 1.0, 2: -0.99}, count)
    normalized = normalize(source, tmp_path / "out", NormalizeSettings(), RawFormat(channels=count))
    assert "channel 2, which is used alone" in normalized.warnings[0]
    assert heard(normalized, tmp_path / "out") > 0.05


@pytest.mark.parametrize("count", [3, 26, 64])
def test_one_voice_among_many_empty_channels_is_no_cancellation(tmp_path: Path, count: int) -> None:
    source = unplaced(tmp_path, {1: 1.0}, count)
    assert normalize(source, tmp_path / "out", NormalizeSettings(), RawFormat(channels=count)).warnings == ()


def test_all_channels_are_kept_besides_the_used_one(tmp_path: Path) -> None:
    source = build.channels(tmp_path, "a.wav", VOICE, times(-1, VOICE))
    normalized = normalize(source, tmp_path / "out", NormalizeSettings(keep_channels=True))
    samples, _ = soundfile.read(tmp_path / "out" / "channels.flac")
    assert (normalized.channels_kept, samples.shape[1]) == (2, 2)
    assert np.corrcoef(samples.T)[0, 1] < -0.99
    assert heard(normalized, tmp_path / "out") > 0.05


QUIET = 0.02
SOUND = {
    "two voices": (VOICE, HUM),
    "dual mono": (VOICE, VOICE),
    "one side": (VOICE, NOTHING),
    "silence": (NOTHING, NOTHING),
    "quiet": (times(QUIET, VOICE), times(QUIET, HUM)),
    "quiet dual mono": (times(QUIET, VOICE), times(QUIET, VOICE)),
    "quiet and on one side": (times(QUIET, VOICE), NOTHING),
    "out of step": (times(QUIET, VOICE), times(-QUIET / 2, VOICE)),
    "one of 5.1, quiet": (*[NOTHING] * 5, times(QUIET, VOICE)),
    "rumble on the channel that no mix has": (NOTHING, NOTHING, times(QUIET, VOICE), RUMBLE, NOTHING, NOTHING),
}


@pytest.mark.parametrize("sounds", SOUND.values(), ids=SOUND)
def test_good_channels_are_mixed(tmp_path: Path, sounds: tuple[str, ...]) -> None:
    source = build.channels(tmp_path, "a.wav", *sounds)
    normalized = normalize(source, tmp_path / "out", NormalizeSettings())
    assert normalized.warnings == ()
    assert normalized.audio_sha256 == mixed(source)


def test_a_jingle_does_not_hide_the_cancellation(tmp_path: Path) -> None:
    source = build.channels(
        tmp_path, "a.wav", f"{VOICE}*gt(t,3)+{HUM}*lt(t,3)", f"{HUM}*lt(t,3)-{VOICE}*gt(t,3)", seconds=10
    )
    assert normalize(source, tmp_path / "out", NormalizeSettings()).warnings


def test_few_words_over_uncorrelated_noise_are_not_lost(tmp_path: Path) -> None:
    noises = [f"0.001*random({channel})" for channel in (0, 1)]
    source = build.channels(
        tmp_path, "a.wav", f"{noises[0]}+{VOICE}*gt(t,16)", f"{noises[1]}-{VOICE}*gt(t,16)", seconds=20
    )
    assert normalize(source, tmp_path / "out", NormalizeSettings()).warnings


def test_a_short_cancellation_is_ignored(tmp_path: Path) -> None:
    voice = times(QUIET, VOICE)
    source = build.channels(tmp_path, "a.wav", voice, f"{voice}*(1-2*between(t,4,6))", seconds=10)
    normalized = normalize(source, tmp_path / "out", NormalizeSettings())
    assert (normalized.warnings, normalized.audio_sha256) == ((), mixed(source))


def test_a_channel_that_lacks_more_than_the_mix_is_not_used() -> None:
    lost, others = [1e-2, 1e-2, 0, 0], [0, 0, 1e-4, 1e-4]
    mix = [1e-9, 1e-9, 2e-5, 2e-5]
    assert compare(np.array([lost, lost, others, others]), np.array(mix)) is None
    cancelled = compare(np.array([lost, lost, lost, others]), np.array([mix[0], *mix[:3]]))
    assert cancelled is not None
    assert cancelled.channel == 0
    assert cancelled.below_db == pytest.approx(70)


SOUND_OF_BOTH, LOST, KEPT = [1e-2, 1e-2], 1e-9, 1e-2


def test_most_of_the_seconds_or_most_of_the_sound_decides() -> None:
    faint = [1e-4, 1e-4]
    seconds = compare(np.array([faint, faint, faint, [1.0, 1.0]]), np.array([LOST, LOST, LOST, 1.0]))
    sound = compare(np.array([faint, faint, faint, [1.0, 1.0]]), np.array([1e-4, 1e-4, 1e-4, LOST]))
    assert None not in (seconds, sound)
    half = compare(np.array([SOUND_OF_BOTH, SOUND_OF_BOTH]), np.array([LOST, KEPT]))
    assert half is None


def test_a_channel_that_has_what_the_mix_has_lacks_nothing() -> None:
    loud = [1e-1, 1e-1]
    assert compare(np.array([loud] * 3 + [SOUND_OF_BOTH] * 3), np.array([LOST] * 3 + [KEPT] * 3)) is not None
    quieter = compare(np.array([[1e-2, 0.0]] * 3 + [[1e-5, 1e-2]] * 2), np.array([LOST] * 3 + [KEPT] * 2))
    assert quieter is not None  # it lacks two seconds, but the mix lacks three


@pytest.mark.parametrize(("volume", "expected"), [(1.0, False), (0.01, True), (0.0, True)])
def test_only_a_quiet_mix_of_several_channels_is_suspected(tmp_path: Path, volume: float, expected: bool) -> None:
    for sounds, result in (((VOICE, HUM), expected), ((VOICE,), False)):
        source = probe(build.channels(tmp_path, "a.wav", *(times(volume, sound) for sound in sounds)))
        mix = decode(source, choose_stream(source), tmp_path, keep_channels=False, max_seconds=60.0, gap_tolerance=0.01)
        assert suspected(mix) == result
