"""A recogniser whose confidences mean P(the word is right)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from mediaindex.timeline import Word

from .calibration import Calibration

if TYPE_CHECKING:
    from mediaindex.stages.protocols import Recogniser, Samples


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
