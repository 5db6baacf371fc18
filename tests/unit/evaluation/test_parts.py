from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from mediaindex.errors import BadMediaError
from mediaindex.evaluation.manifest import Entry, part_of

RATE = 8_000


@pytest.fixture
def stairs(tmp_path: Path) -> Path:
    """Four seconds of stereo; second n has the constant level n/10."""
    path = tmp_path / "stairs.wav"
    levels = np.repeat(np.arange(4) / 10, RATE)
    soundfile.write(path, np.stack([levels, levels], axis=1), RATE)
    return path


def test_a_part_keeps_rate_and_channels(stairs: Path, tmp_path: Path) -> None:
    part = part_of(Entry(audio_filepath=stairs, offset=1.5, duration=1.0), tmp_path, 7)
    samples, rate = soundfile.read(part)
    assert (samples.shape, rate) == ((RATE, 2), RATE)
    assert samples[: RATE // 2] == pytest.approx(0.1, abs=1e-4)
    assert samples[RATE // 2 :] == pytest.approx(0.2, abs=1e-4)


def test_a_whole_file_is_not_copied(stairs: Path, tmp_path: Path) -> None:
    assert part_of(Entry(audio_filepath=stairs, duration=4.0), tmp_path, 1) == stairs


def test_a_part_of_a_text_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.wav").write_text("only text")
    with pytest.raises(BadMediaError, match=r"notes\.wav: 1 s to 2 s cannot be extracted"):
        part_of(Entry(audio_filepath=tmp_path / "notes.wav", offset=1.0, duration=1.0), tmp_path, 1)
