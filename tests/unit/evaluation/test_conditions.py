from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from mediaindex.errors import BadMediaError
from mediaindex.evaluation.conditions import noise, telephone

RATE = 16_000


@pytest.fixture
def tones(tmp_path: Path) -> Path:
    """A second of 1 kHz, and a second of 6 kHz at the same level."""
    path, times = tmp_path / "tones.flac", np.arange(RATE) / RATE
    soundfile.write(path, np.concatenate([0.2 * np.sin(2 * np.pi * hertz * times) for hertz in (1000, 6000)]), RATE)
    return path


def test_a_telephone_line_passes_its_band_only(tones: Path, tmp_path: Path) -> None:
    telephone(tones, tmp_path / "t.wav")
    samples, rate = soundfile.read(tmp_path / "t.wav")
    assert rate == 8000
    assert soundfile.info(tmp_path / "t.wav").subtype == "ULAW"
    first, second = np.std(samples[1000:7000]), np.std(samples[9000:15000])
    assert first == pytest.approx(0.2 / np.sqrt(2), rel=0.1)
    assert second < first / 10


def test_noise_is_ten_decibels_below_and_reproducible(tones: Path, tmp_path: Path) -> None:
    clean, _ = soundfile.read(tones)
    for name in ("a.wav", "b.wav"):
        noise(tones, tmp_path / name)
    samples, rate = soundfile.read(tmp_path / "a.wav")
    assert rate == RATE
    ratio = 10 * np.log10((clean**2).mean() / ((samples - clean) ** 2).mean())
    assert ratio == pytest.approx(10, abs=0.2)
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()


def test_the_message_names_an_unreadable_file(tmp_path: Path) -> None:
    (tmp_path / "notes.mp3").write_text("only text")
    with pytest.raises(BadMediaError, match=r"notes\.mp3"):
        telephone(tmp_path / "notes.mp3", tmp_path / "t.wav")


def test_the_message_names_an_empty_recording(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "empty.wav", np.zeros(0), RATE)
    with pytest.raises(BadMediaError, match=r"empty\.wav holds no audio"):
        noise(tmp_path / "empty.wav", tmp_path / "t.wav")
