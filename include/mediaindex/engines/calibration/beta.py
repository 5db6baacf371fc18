"""A recogniser's raw confidence turned into P(the word is right): beta calibration.

Kull, Silva Filho and Flach, "Beta calibration" (AISTATS 2017): logit P = a ln r - b ln(1 - r) + c. With a = b it is
Platt's scaling of the logit, with a = b = 1 and c = 0 nothing changes. Three parameters hold on speakers and rooms that
nobody fitted them on, where histograms and isotonic steps learn the sample; and the map is monotone, so that words
stay in their order.
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


# Raw confidences come rounded to four digits; ln 0 does not exist.
EDGE = 5e-5
# Nobody who counted some hundred wrong words can claim more: of 1 220 words of LibriSpeech that fits on other speakers
# would have put above 0.994, 99.3 % were right (references err, too), and what was heard at all is never impossible.
LOWEST, HIGHEST = 0.01, 0.995
# Words of the rarer kind, right or wrong: ten for each parameter (Peduzzi et al. 1996, "events per variable").
FEWEST = 30


@dataclass(frozen=True, slots=True)
class Calibration:
    """The map's parameters; ``a`` and ``b`` are at least 0, so that it never falls."""

    a: float
    b: float
    c: float

    def __post_init__(self) -> None:
        if not all(map(math.isfinite, astuple(self))) or min(self.a, self.b) < 0:
            raise ValueError(f"{self}: parameters are finite, a and b at least 0")

    def probability(self, raw: float) -> float:
        """P(the word is right) in [0.01, 0.995] of a raw confidence in [0, 1]."""
        some, none = _features(raw)
        logit = self.a * some + self.b * none + self.c
        # tanh never overflows, whatever the parameters.
        return round(min(max(0.5 + 0.5 * math.tanh(logit / 2), LOWEST), HIGHEST), 4)

    @property
    def mark(self) -> str:
        """Twelve hex digits that name these parameters: part of the recogniser's identity."""
        return hashlib.sha256(repr(astuple(self)).encode()).hexdigest()[:12]


def fit(raw: Sequence[float], right: Sequence[bool]) -> Calibration:
    """The most likely parameters for words of raw confidence ``raw`` in [0, 1] that are right or not.

    Targets are Platt's (1999): a class of n words aims at (n + 1) / (n + 2), which keeps a sample that can be told
    apart without error from claiming certainty. Raises TerminalError (``too_few_words``) under 30 words of a kind.
    """
    import numpy as np
    from scipy.optimize import minimize

    good = np.array(right, dtype=bool)
    hits, misses = int(good.sum()), int((~good).sum())
    if min(hits, misses) < FEWEST:
        raise TerminalError(
            f"{hits} words are right and {misses} wrong; a calibration needs {FEWEST} of each: add recordings",
            code=ErrorCode.TOO_FEW_WORDS,
        )
    target = np.where(good, (hits + 1) / (hits + 2), 1 / (misses + 2))
    columns = np.array([(*_features(one), 1.0) for one in raw])

    def loss(parameters: object) -> tuple[float, object]:
        logit = columns @ parameters
        gap = 0.5 + 0.5 * np.tanh(logit / 2) - target
        return float((np.logaddexp(0, logit) - target * logit).mean()), columns.T @ gap / len(target)

    found = minimize(loss, np.array([1.0, 1.0, 0.0]), jac=True, bounds=[(0, None), (0, None), (None, None)])
    return Calibration(*(round(float(parameter), 6) for parameter in found.x))


def _features(raw: float) -> tuple[float, float]:
    inside = min(max(raw, EDGE), 1 - EDGE)
    return math.log(inside), -math.log1p(-inside)


class CalibratedRecogniser:
    """The same words as the recogniser inside, their confidences calibrated. As safe with threads as that one."""

    def __init__(self, recogniser: Recogniser, calibration: Calibration) -> None:
        self.name = recogniser.name
        self.languages = recogniser.languages
        self._recogniser = recogniser
        self._calibration = calibration

    @property
    def identity(self) -> str:
        """The recogniser's, and the calibration's: a new calibration is a new computation."""
        return f"{self._recogniser.identity} calibration {self._calibration.mark}"

    def recognise(
        self, chunks: Sequence[Samples], language: str, vocabulary: Sequence[str] = ()
    ) -> list[tuple[Word, ...]]:
        """Words of each chunk; see ``Recogniser``."""
        return [
            tuple(replace(word, confidence=self._calibration.probability(word.confidence)) for word in words)
            for words in self._recogniser.recognise(chunks, language, vocabulary)
        ]
