"""An n-gram language model (ARPA) for beam search; not used unless ``MEDIAINDEX_LANGUAGE_MODEL`` names a file.

KenLM reads the file. It comes from the wheels of ``ufal-flashlight-text``: the package of KenLM itself is source only,
and the wheels of flashlight do not contain it.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from mediaindex.errors import ConfigError
from mediaindex.models.files import file_digest
from mediaindex.settings import LanguageModelSettings

VARIABLE = LanguageModelSettings.variable("language_model")
_DEFAULTS = LanguageModelSettings.defaults()
_LN_10 = 2.302585  # ARPA files hold logarithms to base 10
_FIELDS = re.compile(r"[^\t\f\r\n ]+")  # KenLM's spaces: a no-break space is part of a word
_IMPOSSIBLE = -90.0  # log10 P of entries that never follow a word: <s>
# log10 P that a word is unknown to the model, and of each of its letters (Shannon's 2.3 bits).
_UNKNOWN, _LETTER = -2.0, -0.7


@dataclass(frozen=True, slots=True)
class Weights:
    """The influence of the language model.

    ``weight`` (alpha) multiplies the log probability of a word; ``bonus`` (beta) is added per word, without which the
    model prefers few long words; ``beam`` is the number of readings that are followed in parallel.
    """

    weight: float = _DEFAULTS.language_model_weight
    bonus: float = _DEFAULTS.language_model_bonus
    beam: int = _DEFAULTS.language_model_beam


class LanguageModel:
    """P(word | preceding words), loaded at first use; words are compared in lower case.

    Safe to use from several threads: each reading has states of its own.
    """

    def __init__(self, path: Path, weights: Weights | None = None) -> None:
        self.path = path
        self.weights = weights or Weights()
        self._loading = threading.Lock()

    @cached_property
    def identity(self) -> str:
        """The hash of the file and the weights; reads the file but does not load the model.

        Raises ConfigError if the file does not exist.
        """
        if not self.path.is_file():
            raise ConfigError(_missing(self.path))
        weights = self.weights
        return f"lm sha256:{file_digest(self.path)} weight {weights.weight} bonus {weights.bonus} beam {weights.beam}"

    def start(self) -> Any:
        """The state before any word; a chunk may begin in the middle of a sentence."""
        with self._loading:  # chunks begin in several threads; the first one loads the model
            model = self._model
        return model.start(True)

    def score(self, state: Any, word: str) -> tuple[Any, float]:
        """The state after ``word``, and the weighted log score that the word adds to a reading."""
        index = self._words.get(word.lower())
        following, log10 = self._model.score(state, len(self._unigrams) if index is None else index)
        if index is None:
            # <unk> of the file stands for all unknown words together, or is absent. A single unknown word, such as a
            # name, is at most as likely as the rarest known word, and less likely the longer it is: otherwise joining
            # words would cost less than writing them.
            log10 = min(self._rarest, _UNKNOWN + _LETTER * len(word))
        return following, self.weights.weight * _LN_10 * log10 + self.weights.bonus

    @cached_property
    def _unigrams(self) -> tuple[tuple[str, float], ...]:
        return tuple(_unigrams_of(self.path))

    @cached_property
    def _rarest(self) -> float:
        return min((log10 for _, log10 in self._unigrams if log10 > _IMPOSSIBLE), default=_UNKNOWN)

    @cached_property
    def _words(self) -> dict[str, int]:
        """The index of each word in the file; of words that differ only in case, the lower-case one, else the first."""
        places: dict[str, int] = {}
        for index, (word, _) in enumerate(self._unigrams):
            if word == word.lower() or word.lower() not in places:
                places[word.lower()] = index
        return places

    @cached_property
    def _model(self) -> Any:
        try:
            from flashlight.lib.text.decoder.kenlm import KenLM
            from flashlight.lib.text.dictionary import Dictionary
        except ImportError as error:
            raise ConfigError(
                f"{VARIABLE} is set, but KenLM is not installed; install the package ufal-flashlight-text"
            ) from error
        # The last entry stands for all words outside the model.
        words = [*(word for word, _ in self._unigrams), "<unk>"]
        try:
            return KenLM(str(self.path), Dictionary(words))
        except (RuntimeError, ValueError) as error:  # ValueError: duplicate word
            raise ConfigError(
                f"language model {self.path}: KenLM cannot read the file ({error}); build it again"
            ) from error


def configured() -> LanguageModel | None:
    """The language model that MEDIAINDEX_LANGUAGE_MODEL names, with its configured weights; None if unset."""
    settings = LanguageModelSettings.read()
    if settings.language_model is None:
        return None
    weights = Weights(settings.language_model_weight, settings.language_model_bonus, settings.language_model_beam)
    return LanguageModel(settings.language_model, weights)


def _missing(path: Path) -> str:
    return f"{VARIABLE}: language model {path} does not exist; name an ARPA file, or unset the variable"


def _unigrams_of(path: Path) -> Iterator[tuple[str, float]]:
    """Words of an ARPA file and their log10 P, from its section ``\\1-grams:``, without markers such as ``<s>``.

    Raises ConfigError if the file does not exist or is not an ARPA file.
    """
    if not path.is_file():
        raise ConfigError(_missing(path))
    begun = False
    try:
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                if begun and line.startswith("\\"):
                    return
                if begun and (parts := _FIELDS.findall(line)) and not parts[1].startswith("<"):
                    yield parts[1], float(parts[0])
                begun = begun or line.startswith("\\1-grams:")
    except (ValueError, IndexError):  # not UTF-8, or a line that is not an n-gram
        begun = False
    if not begun:
        raise ConfigError(
            f"language model {path} is not an ARPA file (text with a section \\1-grams:); convert it to ARPA"
        )
