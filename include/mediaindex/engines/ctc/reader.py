"""How a CTC model's log probabilities become words: greedy or by beam search, then the custom vocabulary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mediaindex.timeline import Word

from .beam import best_path
from .decode import Floats, frame_confidence, heard_words, timed
from .language_model import LanguageModel
from .vocabulary import respelled, terms_of


@dataclass(frozen=True, slots=True)
class CtcReader:
    """``pieces``: what the model's classes write, without the blank, which is the last class. Safe in threads."""

    pieces: tuple[str, ...]
    frame_seconds: float
    language_model: LanguageModel | None = None

    def words(self, log_probs: Floats, duration: float, vocabulary: Sequence[str] = ()) -> tuple[Word, ...]:
        """Words in a matrix (frames, classes) of a chunk of ``duration`` seconds, times from its start.

        ``vocabulary``: names and terms, written as they are given wherever they were probably said.
        """
        certain = frame_confidence(log_probs)
        if self.language_model is None:
            path = log_probs.argmax(axis=-1)
        else:
            path = best_path(log_probs, self.pieces, self.language_model, self.language_model.weights.beam)
        heard = heard_words(path, certain, self.pieces)
        if vocabulary:
            heard = respelled(log_probs, heard, certain, terms_of(tuple(vocabulary), self.pieces))
        return timed(heard, self.frame_seconds, duration)
