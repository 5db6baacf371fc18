"""A file cannot be longer than its bytes allow."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mediaindex.contract.settings import NormalizeSettings
from mediaindex.errors import DoubtfulError
from mediaindex.stages.media.plausibility import check_samples
from mediaindex.stages.normalize import normalize
from tests.builders.hostile import shared_chunks
from tests.builders.media import ffmpeg, tone

PCM = (np.random.default_rng(0).normal(0, 3000, 2 * 16_000)).astype("<i2").tobytes()  # 2 s


@pytest.mark.parametrize("times", [2, 300])
def test_chunks_that_share_their_bytes_are_doubtful(tmp_path: Path, times: int) -> None:
    with pytest.raises(DoubtfulError) as caught:
        normalize(shared_chunks(tmp_path, PCM, times=times), tmp_path / "out", NormalizeSettings())
    assert caught.value.code == "implausible_media"


def test_one_chunk_is_the_audio_that_it_holds(tmp_path: Path) -> None:
    normalized = normalize(shared_chunks(tmp_path, PCM, times=1), tmp_path / "out", NormalizeSettings())
    assert normalized.duration == 2.0


@pytest.mark.parametrize("options", [("-c:a", "aac", "-b:a", "8k"), ("-c:a", "pcm_s16le"), ("-c:a", "alac")])
def test_small_files_of_usual_codecs_are_plausible(tmp_path: Path, options: tuple[str, ...]) -> None:
    target = tmp_path / "small.mov"
    ffmpeg("-i", tone(tmp_path, seconds=20), *options, target)
    assert normalize(target, tmp_path / "out", NormalizeSettings()).duration == pytest.approx(20, abs=0.1)


def test_a_file_that_was_cut_off_is_not_implausible(tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole.mov", tmp_path / "cut.mov"
    ffmpeg("-i", tone(tmp_path, seconds=20), "-c:a", "pcm_s16le", "-movflags", "faststart", whole)
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 4])
    normalized = normalize(cut, tmp_path / "out", NormalizeSettings())
    assert any(text.startswith("truncated") for text in normalized.warnings)


def test_samples_without_a_byte_each_are_doubtful() -> None:
    streams = [{"codec_name": "aac", "nb_frames": "10000000"}]
    check_samples("x", streams, size=60_000_000)
    with pytest.raises(DoubtfulError):
        check_samples("x", streams, size=2_800)
