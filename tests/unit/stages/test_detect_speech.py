from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from mediaindex.contract.settings import DetectSpeechSettings
from mediaindex.stages.audio import Audio
from mediaindex.stages.detect_speech import BLOCK, detect_speech, padded, speech_runs
from mediaindex.timeline import Anchor, Clock

FRAME = 0.032
probabilities = st.lists(st.floats(0, 1, width=32), max_size=200).map(lambda values: np.array(values, dtype=np.float32))


class LoudIsSpeech:
    """A minimal SpeechDetector: every loud frame is speech."""

    frame_seconds = FRAME
    identity = "loud"
    longest = 0

    def probabilities(self, samples: np.ndarray) -> np.ndarray:
        self.longest = max(self.longest, len(samples))
        filled = np.pad(samples, (0, -len(samples) % 512)).reshape(-1, 512)
        return np.where(np.abs(filled).max(axis=1) > 0.1, 0.9, 0.1).astype(np.float32)


def audio(folder: Path, parts: list[tuple[float, float]], clock: Clock | None = None) -> Audio:
    """White noise in parts of (seconds, peak)."""
    noise = np.random.default_rng(1)
    samples = np.concatenate([noise.uniform(-peak, peak, round(length * 16_000)) for length, peak in parts])
    soundfile.write(folder / "audio.flac", samples, 16_000)
    return Audio(folder / "audio.flac", len(samples) / 16_000, clock or Clock())


@given(probabilities, st.floats(0, 0.5), st.floats(0, 0.5))
def test_runs_are_ordered_apart_and_long_enough(heard: np.ndarray, speech: float, silence: float) -> None:
    settings = DetectSpeechSettings(min_speech=speech, min_silence=silence)
    runs = speech_runs(heard, FRAME, settings)
    edges = [edge for run in runs for edge in run]
    assert edges == sorted(edges)
    assert all(heard[first] >= settings.enter and (last - first) * FRAME >= speech for first, last in runs)
    assert all((second[0] - first[1]) * FRAME >= silence for first, second in itertools.pairwise(runs))


@given(probabilities)
def test_without_minimum_lengths_every_frame_above_enter_is_speech(heard: np.ndarray) -> None:
    runs = speech_runs(heard, FRAME, DetectSpeechSettings(min_speech=0.0))
    inside = {index for first, last in runs for index in range(first, last)}
    assert set(np.flatnonzero(heard >= 0.5)) <= inside


@given(probabilities, st.floats(0, 1))
def test_padding_never_overlaps_or_leaves_the_audio(heard: np.ndarray, padding: float) -> None:
    duration = max(0.0, len(heard) * FRAME - 0.01)
    spans = padded(speech_runs(heard, FRAME, DetectSpeechSettings(min_speech=0.0)), FRAME, duration, padding)
    assert all(before.end <= after.start for before, after in itertools.pairwise(spans))
    assert all(span.start >= 0.0 and span.end <= duration + 0.0005 for span in spans)


def test_spans_share_and_probability_of_speech(tmp_path: Path) -> None:
    heard = detect_speech(audio(tmp_path, [(2, 0.01), (4, 0.5), (2, 0.01)]), LoudIsSpeech(), DetectSpeechSettings())
    (span,) = heard.spans
    assert span.start == pytest.approx(1.9, abs=0.04)
    assert span.end == pytest.approx(6.1, abs=0.04)
    assert heard.speech_seconds == pytest.approx(4.2, abs=0.1)
    assert heard.speech_share == pytest.approx(4.2 / 8, abs=0.01)
    assert heard.mean_probability == pytest.approx(0.9)


@pytest.mark.parametrize(("noise", "snr"), [(0.05, 20), (0.0158, 30), (0.09, 14.7)])
def test_snr_is_the_ratio_of_the_levels(tmp_path: Path, noise: float, snr: float) -> None:
    heard = detect_speech(audio(tmp_path, [(2, noise), (4, 0.5), (2, noise)]), LoudIsSpeech(), DetectSpeechSettings())
    assert heard.snr_db == pytest.approx(snr, abs=1.0)


@pytest.mark.parametrize("parts", [[(3, 0.01)], [(3, 0.5)]])
def test_snr_needs_speech_and_background(tmp_path: Path, parts: list[tuple[float, float]]) -> None:
    assert detect_speech(audio(tmp_path, parts), LoudIsSpeech(), DetectSpeechSettings()).snr_db is None


def test_silence_has_no_speech(tmp_path: Path) -> None:
    heard = detect_speech(audio(tmp_path, [(3, 0.0)]), LoudIsSpeech(), DetectSpeechSettings())
    assert (heard.spans, heard.speech_seconds, heard.speech_share, heard.mean_probability) == ((), 0.0, 0.0, 0.0)


def test_times_are_on_the_source_clock(tmp_path: Path) -> None:
    clock = Clock((Anchor(0.0, 100.0), Anchor(2.0, 160.0)))
    heard = detect_speech(
        audio(tmp_path, [(1, 0.01), (2, 0.5), (1, 0.01)], clock), LoudIsSpeech(), DetectSpeechSettings(padding=0)
    )
    assert [(round(span.start, 1), round(span.end, 1)) for span in heard.spans] == [(101.0, 102.0), (160.0, 161.0)]
    assert heard.speech_seconds == pytest.approx(2.0, abs=0.07)


def test_speech_across_blocks_is_one_span_and_memory_is_bounded(tmp_path: Path) -> None:
    detector = LoudIsSpeech()
    heard = detect_speech(
        audio(tmp_path, [(BLOCK - 2, 0.01), (4, 0.5), (10, 0.01)]), detector, DetectSpeechSettings(padding=0)
    )
    (span,) = heard.spans
    assert span.start == pytest.approx(BLOCK - 2, abs=0.04)
    assert span.end == pytest.approx(BLOCK + 2, abs=0.04)
    assert detector.longest <= (BLOCK + 10) * 16_000
