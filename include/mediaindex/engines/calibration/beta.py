"""Beta calibration: maps the raw confidence of a recogniser to P(the word is correct).

Kull, Silva Filho and Flach, "Beta calibration" (AISTATS 2017): logit P = a ln r - b ln(1 - r) + c. With a = b this is
Platt scaling of the logit; with a = b = 1 and c = 0 it is the identity. Three parameters generalise to speakers and
rooms outside the fitted sample, while histograms and isotonic steps overfit it. The map is monotone, so the order of
words by confidence does not change.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from typing import TYPE_CHECKING

from mediaindex.errors import ErrorCode, TerminalError
from mediaindex.timeline import Word

if TYPE_CHECKING:
    from mediaindex.stages.protocols import Recogniser, Samples


# Raw confidences are rounded to four digits; ln 0 is undefined.
EDGE = 5e-5
# A few hundred wrong words do not support stronger claims: of 1 220 words of LibriSpeech that calibrations fitted on
# other speakers put above 0.994, 99.3 % are correct (references have errors, too). No recognised word is impossible.
LOWEST, HIGHEST = 0.01, 0.995
# Least number of correct and of wrong words: ten per parameter (Peduzzi et al. 1996, "events per variable").
FEWEST = 30


@dataclass(frozen=True, slots=True)
class Calibration:
    """The parameters of the map; ``a`` and ``b`` are at least 0, so that it is monotone."""

    a: float
    b: float
    c: float

    def __post_init__(self) -> None:
        if not all(map(math.isfinite, astuple(self))) or min(self.a, self.b) < 0:
            raise ValueError(f"{self}: parameters must be finite, and a and b at least 0")

    def probability(self, raw: float) -> float:
        """P(the word is correct) in [0.01, 0.995] for a raw confidence in [0, 1]."""
        log_right, log_wrong = _features(raw)
        logit = self.a * log_right + self.b * log_wrong + self.c
        # tanh does not overflow for any parameters.
        return round(min(max(0.5 + 0.5 * math.tanh(logit / 2), LOWEST), HIGHEST), 4)

    @property
    def digest(self) -> str:
        """Twelve hex digits that identify the parameters, as part of the recogniser's identity."""
        return hashlib.sha256(repr(astuple(self)).encode()).hexdigest()[:12]


def fit(raw: Sequence[float], right: Sequence[bool]) -> Calibration:
    """The most likely parameters for words with the raw confidences ``raw`` in [0, 1]; ``right``: which are correct.

    Targets are those of Platt (1999): (n + 1) / (n + 2) for a class of n words, so that a sample that is separated
    without error does not give certainty. Raises TerminalError (``too_few_words``) if fewer than 30 words are correct
    or fewer than 30 are wrong.
    """
    import numpy as np
    from scipy.optimize import minimize

    good = np.array(right, dtype=bool)
    hits, misses = int(good.sum()), int((~good).sum())
    if min(hits, misses) < FEWEST:
        raise TerminalError(
            f"{hits} words are right and {misses} wrong; a calibration needs {FEWEST} of each; add recordings",
            code=ErrorCode.TOO_FEW_WORDS,
        )
    target = np.where(good, (hits + 1) / (hits + 2), 1 / (misses + 2))
    columns = np.array([(*_features(confidence), 1.0) for confidence in raw])

    def loss(parameters: object) -> tuple[float, object]:
        logit = columns @ parameters
        gap = 0.5 + 0.5 * np.tanh(logit / 2) - target
        return float((np.logaddexp(0, logit) - target * logit).mean()), columns.T @ gap / len(target)

    result = minimize(loss, np.array([1.0, 1.0, 0.0]), jac=True, bounds=[(0, None), (0, None), (None, None)])
    return Calibration(*(round(float(parameter), 6) for parameter in result.x))


def _features(raw: float) -> tuple[float, float]:
    inside = min(max(raw, EDGE), 1 - EDGE)
    return math.log(inside), -math.log1p(-inside)


class CalibratedRecogniser:
    """Wraps a recogniser and calibrates the confidence of its words; as thread-safe as the wrapped recogniser."""

    def __init__(self, recogniser: Recogniser, calibration: Calibration) -> None:
        self.name = recogniser.name
        self.languages = recogniser.languages
        self.may_loop = recogniser.may_loop
        self._recogniser = recogniser
        self._calibration = calibration

    @property
    def identity(self) -> str:
        """The identity of the recogniser, and the digest of the calibration."""
        return f"{self._recogniser.identity} calibration {self._calibration.digest}"

    def recognise(
        self, chunks: Sequence[Samples], language: str, vocabulary: Sequence[str] = ()
    ) -> list[tuple[Word, ...]]:
        """Words of each chunk; see ``Recogniser``."""
        return [
            tuple(replace(word, confidence=self._calibration.probability(word.confidence)) for word in words)
            for words in self._recogniser.recognise(chunks, language, vocabulary)
        ]
