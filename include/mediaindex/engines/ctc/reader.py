"""Turns the log probabilities of a CTC model into words: by greedy or beam search, then the custom vocabulary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mediaindex.timeline import Word

from .beam import best_path
from .decode import Floats, decoded_words, frame_confidence, timed
from .language_model import LanguageModel
from .vocabulary import respelled, terms_of


@dataclass(frozen=True, slots=True)
class CtcReader:
    """A reader; safe to use from several threads.

    ``pieces`` holds the text of each class of the model, without the blank, which is the last class.
    """

    pieces: tuple[str, ...]
    frame_seconds: float
    language_model: LanguageModel | None = None

    def words(self, log_probs: Floats, duration: float, vocabulary: Sequence[str] = ()) -> tuple[Word, ...]:
        """Words of a chunk of ``duration`` seconds, with times from its start; ``log_probs``: (frames, classes).

        Names and terms of ``vocabulary`` are written as given if they were probably spoken.
        """
        certainty = frame_confidence(log_probs)
        if self.language_model is None:
            path = log_probs.argmax(axis=-1)
        else:
            path = best_path(log_probs, self.pieces, self.language_model, self.language_model.weights.beam)
        words = decoded_words(path, certainty, self.pieces)
        if vocabulary:
            words = respelled(log_probs, words, certainty, terms_of(tuple(vocabulary), self.pieces))
        return timed(words, self.frame_seconds, duration)
