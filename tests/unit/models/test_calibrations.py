from __future__ import annotations

import logging
from pathlib import Path

import pytest

from mediaindex.errors import ConfigError
from mediaindex.models import LocatedModel, load_registry
from mediaindex.models.calibrations import CalibrationCard, Fitted, Quality, find_card, own_path, write_card
from mediaindex.models.calibrations.card import read_card

NAME = "stt-en-conformer-ctc-small"
SHIPPED = sorted((Path(__file__).parents[3] / "include" / "mediaindex" / "models" / "calibrations").glob("*.json"))
INSTALLED, OTHER = "a" * 64, "b" * 64


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Empty directories for models and the cache."""
    models, cache = tmp_path / "models", tmp_path / "cache"
    models.mkdir()
    monkeypatch.setenv("MEDIAINDEX_MODELS", str(models))
    monkeypatch.setenv("MEDIAINDEX_CACHE", str(cache))
    return models, cache


def model(sha256: str) -> LocatedModel:
    return LocatedModel(NAME, Path("/absent"), "local", sha256, "CC-BY-4.0", ("en",))


def card(weights: str, c: float = 0.0) -> CalibrationCard:
    fitted = Fitted(manifest="m", date="2026-01-01", languages=("en",), recordings=9, folds=3, folds_by="speaker")
    quality = Quality(words=99, right=0.9, ece_raw=0.1, ece_cv=0.02, ece_unseen=None, auroc=0.9)
    return CalibrationCard(
        model=NAME, weights=weights, engine="x", parameters=(1, 2, c), fitted=fitted, quality={"all": quality}
    )


def test_a_card_of_a_user_is_written_beside_the_model(places: tuple[Path, Path]) -> None:
    path = write_card(card(INSTALLED))
    assert path == places[0] / "stt_en_conformer_ctc_small.nemo.calibration.json"
    assert find_card(model(INSTALLED)) == card(INSTALLED)
    assert [file.name for file in places[0].iterdir()] == [path.name]


def test_without_a_models_directory_the_card_is_written_to_the_cache(
    places: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MEDIAINDEX_MODELS")
    assert write_card(card(INSTALLED)) == own_path(NAME) == places[1] / "calibrations" / f"{NAME}.json"
    assert find_card(model(INSTALLED)) == card(INSTALLED)


def test_the_card_beside_the_model_is_preferred_to_the_cache(places: tuple[Path, Path]) -> None:
    write_card(card(INSTALLED, c=1.0), places[1] / "calibrations")
    write_card(card(INSTALLED, c=2.0))
    assert find_card(model(INSTALLED)) == card(INSTALLED, c=2.0)


def test_a_card_for_other_weights_is_logged_and_not_used(
    places: tuple[Path, Path], caplog: pytest.LogCaptureFixture
) -> None:
    write_card(card(OTHER))
    with caplog.at_level(logging.WARNING):
        assert find_card(model(INSTALLED)) is None
    assert "other weights" in caplog.text


def test_an_invalid_card_is_a_config_error(places: tuple[Path, Path]) -> None:
    own_path(NAME).write_text('{"model": "x"}')
    with pytest.raises(ConfigError, match=r"nemo\.calibration\.json"):
        find_card(model(INSTALLED))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_card_is_for_a_known_model_and_well_calibrated(path: Path) -> None:
    shipped = read_card(path)
    entry = load_registry()[shipped.model]
    assert path.stem == entry.name
    assert entry.sha256 in {None, shipped.weights}
    assert shipped.fitted.folds_by == "speaker"
    assert all(quality.ece_cv <= 0.05 for quality in shipped.quality.values())
