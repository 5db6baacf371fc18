"""What a calibration was fitted on and how good it is, as JSON; and which one belongs to the weights that are here."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mediaindex.errors import ConfigError
from mediaindex.models.locate import LocatedModel
from mediaindex.models.registry import Sha256, find
from mediaindex.settings import ModelSettings

Finite = Annotated[float, Field(allow_inf_nan=False)]

log = logging.getLogger(__name__)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Quality(_Strict):
    """Figures of words: by confidences as they came, and by calibrations fitted on other speakers (``_cv``).

    ``ece_unseen``: fitted on other speakers and other conditions; None where there was one condition only.
    """

    words: int
    right: float  # share
    ece_raw: float
    ece_cv: float
    ece_unseen: float | None
    auroc: float | None


class Fitted(_Strict):
    """What the parameters come from."""

    manifest: str
    date: str
    languages: tuple[str, ...]
    recordings: int
    folds: int
    folds_by: Literal["speaker", "recording"]


class CalibrationCard(_Strict):
    """``parameters`` a, b, c of beta calibration; ``weights`` is the sha256 that they belong to.

    ``engine`` produced the raw confidences. ``quality`` by condition, and over all of them as ``all``.
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
    """The user's card of a model, else the package's; None where neither is for these weights, and the log says so.

    Raises ConfigError where a card cannot be read.
    """
    for path in _places(located.name):
        if not path.is_file():
            continue
        card = read_card(path)
        if card.weights == located.sha256:
            return card
        log.warning(
            "%s is for other weights of %s (sha256 %.12s, here %.12s) and is not used; run `mediaindex calibrate`",
            path,
            located.name,
            card.weights,
            located.sha256,
        )
    return None


def read_card(path: Path) -> CalibrationCard:
    """A card that ``mediaindex calibrate`` wrote; ConfigError where it is none."""
    try:
        return CalibrationCard.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise ConfigError(f"{path} is no calibration: {error}; delete it or run `mediaindex calibrate`") from error


def write_card(card: CalibrationCard, folder: Path | None = None) -> Path:
    """Write the card into ``folder``, or where ``find_card`` looks first and we may write; gives its path."""
    path = folder / f"{card.model}.json" if folder else own_path(card.model)
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.{os.getpid()}")
    half.write_text(card.model_dump_json(indent=1) + "\n", "utf-8")
    half.replace(path)  # whoever reads meanwhile sees the old one or the new one
    return path


def own_path(name: str) -> Path:
    """Where a user's card of a model goes: beside the model, or into the cache where that directory is not ours."""
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
