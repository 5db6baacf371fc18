"""Calibration cards (parameters, origin and quality, as JSON) and the search for the card of a model."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mediaindex.contract.models import Sha256
from mediaindex.errors import ConfigError
from mediaindex.models.locate import LocatedModel
from mediaindex.models.registry import find
from mediaindex.printable import logger
from mediaindex.settings import ModelSettings

Finite = Annotated[float, Field(allow_inf_nan=False)]

log = logger(__name__)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Quality(_Strict):
    """Quality of word confidence: raw (``_raw``), and calibrated by a fit on other speakers (``_cv``).

    ``ece_unseen``: by a fit on other speakers and other conditions; None if there is only one condition.
    """

    words: int
    right: float  # share
    ece_raw: float
    ece_cv: float
    ece_unseen: float | None
    auroc: float | None


class Fitted(_Strict):
    """The data that the parameters were fitted on."""

    manifest: str
    date: str
    languages: tuple[str, ...]
    recordings: int
    folds: int
    folds_by: Literal["speaker", "recording"]


class CalibrationCard(_Strict):
    """A calibration card.

    ``parameters`` are a, b, c of beta calibration, ``weights`` the sha256 of the model they apply to, ``engine`` the
    identity that produced the raw confidences. ``quality`` is per condition; ``all`` covers all conditions.
    """

    format: Literal[1] = 1
    model: str
    weights: Sha256
    engine: str
    method: Literal["beta"] = "beta"
    parameters: tuple[Annotated[Finite, Field(ge=0)], Annotated[Finite, Field(ge=0)], Finite]
    fitted: Fitted
    quality: dict[str, Quality]


def find_card(located: LocatedModel) -> CalibrationCard | None:
    """The card of the user for a model, else that of the package; None if neither is for these weights.

    A card for other weights is logged. Raises ConfigError if a card is invalid.
    """
    for path in _places(located.name):
        if not path.is_file():
            continue
        card = read_card(path)
        if card.weights == located.sha256:
            return card
        log.warning(
            "%s is not used: it is for other weights of %s (sha256 %.12s, installed %.12s); run `mediaindex calibrate`",
            path,
            located.name,
            card.weights,
            located.sha256,
        )
    return None


def read_card(path: Path) -> CalibrationCard:
    """Read a card that ``mediaindex calibrate`` wrote; raises ConfigError if it is invalid."""
    try:
        return CalibrationCard.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise ConfigError(
            f"{path} is not a valid calibration card: {error}; delete it or run `mediaindex calibrate`"
        ) from error


def write_card(card: CalibrationCard, folder: Path | None = None) -> Path:
    """Write the card into ``folder``, by default to ``own_path``, and return its path."""
    path = folder / f"{card.model}.json" if folder else own_path(card.model)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.write_text(card.model_dump_json(indent=1) + "\n", "utf-8")
    part.replace(path)  # concurrent readers see either the old or the new card
    return path


def own_path(name: str) -> Path:
    """The path of a user's card: beside the model, or in the cache if that directory is not writable."""
    beside, *_ = places = list(_own(name))
    return beside if os.access(beside.parent, os.W_OK) else places[-1]


def _places(name: str) -> Iterator[Path]:
    yield from _own(name)
    yield Path(__file__).with_name(f"{name}.json")


def _own(name: str) -> Iterator[Path]:
    places = ModelSettings.read()
    if places.models:
        yield places.models / f"{find(name).path}.calibration.json"
    yield places.cache / "calibrations" / f"{name}.json"
