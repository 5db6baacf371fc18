"""An n-gram language model (ARPA) that beam search asks how likely a word is; off unless one is named.

``MEDIAINDEX_LANGUAGE_MODEL`` names the file. KenLM reads it, as the wheels of ``ufal-flashlight-text`` carry it:
KenLM's own package is source only, and flashlight's comes without it.
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
_USUAL = LanguageModelSettings.defaults()
_LN_10 = 2.302585  # ARPA files speak in powers of ten
_FIELDS = re.compile(r"[^\t\f\r\n ]+")  # KenLM's spaces: a no-break space is part of a word
_NEVER = -90.0  # log10 P of what stands in the file and cannot follow: <s>
# log10 P that a word is one the model does not know, and of each of its letters (Shannon's 2.3 bits).
_UNKNOWN, _LETTER = -2.0, -0.7


@dataclass(frozen=True, slots=True)
class Weights:
    """How much the language model may say.

    ``weight`` (alpha) multiplies the log probability of a word, ``bonus`` (beta) is added for each word (or the model
    would prefer few long ones), ``beam`` is how many readings are followed at once.
    """

    weight: float = _USUAL.language_model_weight
    bonus: float = _USUAL.language_model_bonus
    beam: int = _USUAL.language_model_beam


class LanguageModel:
    """P(word | the words before it). Loads when it is first asked; words are compared in small letters.

    Safe in threads: each reading has states of its own.
    """

    def __init__(self, path: Path, weights: Weights | None = None) -> None:
        self.path = path
        self.weights = weights or Weights()
        self._loading = threading.Lock()

    @cached_property
    def identity(self) -> str:
        """The file's hash and all that changes what is written; reads the file, loads no model."""
        if not self.path.is_file():
            raise ConfigError(f"{VARIABLE}: language model {self.path} is not there; name an ARPA file, or unset it")
        given = self.weights
        return f"lm sha256:{file_digest(self.path)} weight {given.weight} bonus {given.bonus} beam {given.beam}"

    def start(self) -> Any:
        """The state before any word; a chunk may begin in the middle of a sentence."""
        with self._loading:  # chunks begin in several threads, and the first of them loads
            model = self._model
        return model.start(True)

    def score(self, state: Any, word: str) -> tuple[Any, float]:
        """The state after ``word``, and what the word adds to a reading (log, weighted)."""
        index = self._words.get(word.lower())
        following, log10 = self._model.score(state, len(self._unigrams) if index is None else index)
        if index is None:
            # The file's <unk> is all unknown words together, or nothing. One of them, a name perhaps, is as likely as
            # the rarest word that is known, and less so the longer it is: or words would be joined to save their cost.
            log10 = min(self._rarest, _UNKNOWN + _LETTER * len(word))
        return following, self.weights.weight * _LN_10 * log10 + self.weights.bonus

    @cached_property
    def _unigrams(self) -> tuple[tuple[str, float], ...]:
        return tuple(_unigrams_of(self.path))

    @cached_property
    def _rarest(self) -> float:
        return min((log10 for _, log10 in self._unigrams if log10 > _NEVER), default=_UNKNOWN)

    @cached_property
    def _words(self) -> dict[str, int]:
        """Place of each word in the file; of several that differ in case the small one or the first."""
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
            raise ConfigError(f"{VARIABLE} is set, and KenLM is not installed: add ufal-flashlight-text") from error
        # The last entry stands for all words that are not in the model.
        words = [*(word for word, _ in self._unigrams), "<unk>"]
        try:
            return KenLM(str(self.path), Dictionary(words))
        except (RuntimeError, ValueError) as error:  # ValueError: a word that is there twice
            raise ConfigError(f"language model {self.path}: KenLM cannot read it: {error}") from error


def configured() -> LanguageModel | None:
    """The language model that MEDIAINDEX_LANGUAGE_MODEL names, with the numbers set beside it."""
    given = LanguageModelSettings.read()
    if given.language_model is None:
        return None
    weights = Weights(given.language_model_weight, given.language_model_bonus, given.language_model_beam)
    return LanguageModel(given.language_model, weights)


def _unigrams_of(path: Path) -> Iterator[tuple[str, float]]:
    """Words of an ARPA file and their log10 probabilities: its section ``\\1-grams:``, without marks like ``<s>``."""
    if not path.is_file():
        raise ConfigError(f"{VARIABLE}: language model {path} is not there; name an ARPA file, or unset it")
    begun = False
    try:
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                if begun and line.startswith("\\"):
                    return
                if begun and (parts := _FIELDS.findall(line)) and not parts[1].startswith("<"):
                    yield parts[1], float(parts[0])
                begun = begun or line.startswith("\\1-grams:")
    except (ValueError, IndexError):  # bytes that are no text, a line that is no n-gram
        begun = False
    if not begun:
        raise ConfigError(f"language model {path} is no ARPA file (text, with a section \\1-grams:); convert it to one")
