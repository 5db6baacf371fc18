"""Recognisers and the calibrations of their weights, brought together."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from mediaindex.gates.calibrated_recogniser import CalibratedRecogniser
from mediaindex.gates.calibration import Calibration
from mediaindex.models import load_registry, try_locate
from mediaindex.models.calibrations import find_card

if TYPE_CHECKING:
    from mediaindex.stages.protocols import Recogniser

log = logging.getLogger(__name__)


def calibrated(recogniser: Recogniser) -> Recogniser:
    """The recogniser with the calibration of its weights; itself where the weights or a calibration are missing."""
    located = try_locate(recogniser.name) if recogniser.name in load_registry() else None
    if located is None:
        return recogniser
    card = find_card(located)
    if card is None:
        log.info("%s: confidences are the model's own, no calibration is for its weights", recogniser.name)
        return recogniser
    return CalibratedRecogniser(recogniser, Calibration(*card.parameters))
