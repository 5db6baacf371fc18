"""Recordings in every format are read as they are, and speech spans are those of Silero itself."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from mediaindex.contract.job import RawFormat
from mediaindex.contract.settings import DetectSpeechSettings, NormalizeSettings
from mediaindex.engines import silero
from mediaindex.errors import BadMediaError
from mediaindex.stages.detect_speech import detect_speech
from mediaindex.stages.normalize import audio_of, normalize
from tests.builders import corpus, formats
from tests.builders.formats import FORMATS, MALFORMED, Format

DEVELOPMENT = corpus.SHARED / "data" / "formats"
MANIFEST = DEVELOPMENT / "manifest.jsonl"
ENTRIES = [json.loads(line) for line in MANIFEST.read_text().splitlines()] if MANIFEST.is_file() else []
MORE = [
    Format(
        row["file"],
        row["container"],
        row["codec"],
        row["sample_rate"],
        row["channels"],
        video=row["video"],
        seconds=row["decoded_s"],
    )
    for row in ENTRIES
    if row["expect"] in {"ok", "empty_transcript"}
]


@pytest.mark.parametrize("expected", [*FORMATS, *MORE], ids=lambda expected: expected.name)
def test_good_recordings_are_read_as_they_are(expected: Format, tmp_path: Path) -> None:
    path = DEVELOPMENT / expected.name if expected in MORE else expected.write(tmp_path)
    normalized = normalize(path, tmp_path, NormalizeSettings())
    assert (normalized.container, normalized.codec) == (expected.container, expected.codec)
    assert (normalized.source_sample_rate, normalized.source_channels) == (expected.rate, expected.channels)
    assert normalized.has_video == expected.video
    assert normalized.start == 0.0
    assert expected.seconds is None or normalized.duration == pytest.approx(expected.seconds, abs=0.02)
    assert len(audio_of(normalized, tmp_path).read()) == pytest.approx(normalized.duration * 16_000, abs=8)


def test_a_headerless_recording_needs_its_hint(tmp_path: Path) -> None:
    path = formats.headerless(tmp_path)
    with pytest.raises(BadMediaError) as caught:
        normalize(path, tmp_path, NormalizeSettings())
    assert caught.value.code == "needs_hint"
    assert "raw_format" in caught.value.message
    length = path.stat().st_size / 32_000
    read = normalize(path, tmp_path, NormalizeSettings(), RawFormat())
    assert read.duration == pytest.approx(length, abs=0.001)


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_recordings_end_with_a_reason(name: str, tmp_path: Path) -> None:
    with pytest.raises(BadMediaError) as caught:
        normalize(formats.malformed(tmp_path, name), tmp_path, NormalizeSettings())
    assert caught.value.code == MALFORMED[name][0]


def test_spans_are_those_of_silero_itself(tmp_path: Path) -> None:
    import silero_vad
    import torch

    audio = audio_of(normalize(corpus.call(tmp_path), tmp_path, NormalizeSettings()), tmp_path)
    theirs = silero_vad.get_speech_timestamps(
        torch.from_numpy(audio.read()),
        silero_vad.load_silero_vad(onnx=True),
        min_silence_duration_ms=300,
        speech_pad_ms=100,
    )
    ours = detect_speech(audio, _detector(), DetectSpeechSettings()).spans
    # Two graphs of the same weights. They agree where it was measured; if a probability lies at the threshold, rounding
    # moves an edge by a frame of 32 ms. A wrong threshold or length moves edges by tenths of a second.
    assert np.allclose(
        [(span.start, span.end) for span in ours],
        [(span["start"] / 16_000, span["end"] / 16_000) for span in theirs],
        atol=0.034,
    )


def test_speech_found_in_blocks_is_that_found_in_one_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    audio = audio_of(normalize(corpus.call(tmp_path), tmp_path, NormalizeSettings()), tmp_path)
    whole = detect_speech(audio, _detector(), DetectSpeechSettings())
    monkeypatch.setattr("mediaindex.stages.detect_speech.BLOCK", 16.0)
    blocks = detect_speech(audio, _detector(), DetectSpeechSettings())
    assert len(blocks.spans) == pytest.approx(len(whole.spans), abs=1)
    assert blocks.speech_seconds == pytest.approx(whole.speech_seconds, abs=0.5)


def _detector() -> silero.SileroDetector:
    found = importlib.util.find_spec("silero_vad")
    assert found is not None
    assert found.submodule_search_locations
    folder = Path(found.submodule_search_locations[0])
    return silero.load(folder / "data" / "silero_vad_16k_sequence.onnx", identity="silero")
