"""Every development recording ends as its manifest says, and our speech spans are silero's own."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mediaindex.contract.job import RawFormat
from mediaindex.contract.settings import DetectSpeechSettings, NormalizeSettings
from mediaindex.engines import silero
from mediaindex.errors import BadMediaError
from mediaindex.stages.detect_speech import detect_speech
from mediaindex.stages.normalize import audio_of, normalize

SHARED = Path(__file__).parents[4] / "shared" / "data"
FORMATS = SHARED / "formats"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not FORMATS.is_dir(), reason="the development data (../shared/data) is not beside the checkout"),
]
MANIFEST = FORMATS / "manifest.jsonl"
ENTRIES = [json.loads(line) for line in MANIFEST.read_text().splitlines()] if MANIFEST.is_file() else []
REASONS = {
    "malformed_null.wav": "empty_audio",
    "malformed_bad.wav": "not_media",
    "malformed_evil.wav": "truncated",
    "malformed_awful.wav": "absurd_parameters",
}


def entries(*expected: str) -> list[Any]:
    return [pytest.param(entry, id=entry["file"]) for entry in ENTRIES if entry["expect"] in expected]


@pytest.mark.parametrize("entry", entries("ok", "empty_transcript"))
def test_good_recordings_are_read_as_they_are(entry: dict[str, Any], tmp_path: Path) -> None:
    normalized = normalize(FORMATS / entry["file"], tmp_path, NormalizeSettings())
    assert normalized.duration == pytest.approx(entry["decoded_s"], abs=0.02)
    assert (normalized.container, normalized.codec) == (entry["container"], entry["codec"])
    assert (normalized.source_sample_rate, normalized.source_channels) == (entry["sample_rate"], entry["channels"])
    assert normalized.has_video == entry["video"]
    assert normalized.start == 0.0
    assert len(audio_of(normalized, tmp_path).read()) == pytest.approx(normalized.duration * 16_000, abs=8)


@pytest.mark.parametrize("entry", entries("needs_hint"))
def test_headerless_recordings_need_their_hint(entry: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(BadMediaError) as caught:
        normalize(FORMATS / entry["file"], tmp_path, NormalizeSettings())
    assert caught.value.code == "needs_hint"
    assert "raw_format" in caught.value.message
    length = (FORMATS / entry["file"]).stat().st_size / 32_000
    assert normalize(FORMATS / entry["file"], tmp_path, NormalizeSettings(), RawFormat()).duration == pytest.approx(
        length, abs=0.001
    )


@pytest.mark.parametrize("entry", entries("must_not_crash", "must_fail_cleanly"))
def test_malformed_recordings_end_with_a_reason(entry: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(BadMediaError) as caught:
        normalize(FORMATS / entry["file"], tmp_path, NormalizeSettings())
    assert caught.value.code == REASONS[entry["file"]]


@pytest.mark.models
@pytest.mark.parametrize("name", ["formats/google_commercial_mono_8k.wav", "lid/leopard_test_es.wav"])
def test_spans_are_those_of_silero_itself(name: str, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    package = pytest.importorskip("silero_vad")
    normalized = normalize(SHARED / name, tmp_path, NormalizeSettings())
    audio = audio_of(normalized, tmp_path)
    theirs = package.get_speech_timestamps(
        torch.from_numpy(audio.read()),
        package.load_silero_vad(onnx=True),
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


@pytest.mark.models
def test_blocks_hear_what_one_piece_hears(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    audio = audio_of(normalize(FORMATS / "aws_auto_call_8k_u8.wav", tmp_path, NormalizeSettings()), tmp_path)
    whole = detect_speech(audio, _detector(), DetectSpeechSettings())
    monkeypatch.setattr("mediaindex.stages.detect_speech.BLOCK", 32.0)
    blocks = detect_speech(audio, _detector(), DetectSpeechSettings())
    assert len(blocks.spans) == pytest.approx(len(whole.spans), abs=1)
    assert blocks.speech_seconds == pytest.approx(whole.speech_seconds, abs=0.5)


def _detector() -> silero.SileroDetector:
    found = importlib.util.find_spec("silero_vad")
    assert found is not None
    assert found.submodule_search_locations
    folder = Path(found.submodule_search_locations[0])
    return silero.load(folder / "data" / "silero_vad_16k_sequence.onnx", identity="silero")
