from __future__ import annotations

from pathlib import Path

import pytest

from mediaindex.models import try_locate
from mediaindex.models.calibrations import CalibrationCard, Fitted, write_card
from mediaindex.runner.choices import MissingRecogniser, calibrated

NAME = "stt-en-conformer-ctc-small"


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A models folder whose only model is a file of five bytes."""
    monkeypatch.setenv("MEDIAINDEX_MODELS", str(tmp_path))
    monkeypatch.setenv("MEDIAINDEX_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    path = tmp_path / "stt_en_conformer_ctc_small.nemo"
    path.write_bytes(b"bytes")
    return path


def write() -> None:
    located = try_locate(NAME)
    assert located is not None
    fitted = Fitted(manifest="m", date="2026-01-01", languages=("en",), recordings=1, folds=2, folds_by="recording")
    card = CalibrationCard(
        model=NAME, weights=located.sha256, engine="x", parameters=(1, 1, 0), fitted=fitted, quality={}
    )
    write_card(card)


def test_the_calibration_of_the_weights_is_used(weights: Path) -> None:
    write()
    raw = MissingRecogniser(NAME)  # any recogniser of that name
    assert calibrated(raw).identity.startswith(f"{raw.identity} calibration ")


def test_weights_without_a_calibration_are_not_calibrated(weights: Path) -> None:
    raw = MissingRecogniser(NAME)
    assert calibrated(raw) is raw


def test_missing_weights_are_not_calibrated(weights: Path) -> None:
    write()
    weights.unlink()
    raw = MissingRecogniser(NAME)
    assert calibrated(raw) is raw
