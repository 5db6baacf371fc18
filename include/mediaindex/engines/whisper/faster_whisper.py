"""Whisper through faster-whisper (CTranslate2): a recogniser for many languages, and which language is spoken."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from .vocabulary import respelled
from .words import Heard, words_of

if TYPE_CHECKING:
    import numpy as np
    from faster_whisper import WhisperModel
    from faster_whisper.transcribe import Segment
    from numpy.typing import NDArray

    from mediaindex.models import LocatedModel
    from mediaindex.stages.protocols import Samples
    from mediaindex.timeline import Word

_RATE = 16_000
# Whisper itself tries again what it repeats at a higher temperature. That draws lots, and CTranslate2's seed does not
# settle them (its workers keep their generators): the same audio gave other words each time. What keeps a beam search
# from going round in circles, too: no run of so many tokens twice.
_NO_REPEAT = 4
# Whisper's own thresholds.
_MAX_COMPRESSION = 2.4
_MAX_NO_SPEECH = 0.6
_MIN_LOG_PROB = -1.0
# Over silence and music it writes "You" and "I'm sorry" at -0.7 to -0.9, and calls them no speech (0.7 and more; real
# speech 0.1 and less).
_DOUBTFUL_LOG_PROB = -0.5
# To tell a language Whisper need not be given its whole 30 s, most of them silence, unless it is in doubt then: of 132
# stretches of 3 to 9 s it says the same as with all of them, in 0.4 times the time.
_LEAST_FRAMES = 500  # of 10 ms
_SILENT_FRAMES = 200
_SURE = 0.8
_ISO = {"jw": "jv"}  # Whisper's code for Javanese
_OWN = {iso: own for own, iso in _ISO.items()}


class Whisper:
    """The model, loaded at first use and shared by both adapters; callers in several threads take turns inside it."""

    def __init__(self, located: LocatedModel) -> None:
        self.located = located
        self._lock = threading.Lock()
        self._model: WhisperModel | None = None

    @property
    def identity(self) -> str:
        """Engine, model and weights; loads nothing."""
        return f"faster-whisper {version('faster-whisper')} {self.located.name} int8 sha256:{self.located.sha256}"

    @property
    def model(self) -> WhisperModel:
        """CTranslate2's model on the CPU; int8 weights are twice as fast there as float32."""
        with self._lock:
            if self._model is None:
                from faster_whisper import WhisperModel  # a fifth of a second, which most transcriptions do without

                threads = len(os.sched_getaffinity(0))
                self._model = WhisperModel(
                    str(self.located.path),
                    device="cpu",
                    compute_type="int8",
                    cpu_threads=threads,
                    local_files_only=True,
                )
            return self._model


# The same model for both adapters, for as long as one of them is there.
_alive: WeakValueDictionary[LocatedModel, Whisper] = WeakValueDictionary()


def _shared(located: LocatedModel) -> Whisper:
    whisper = _alive.get(located)
    if whisper is None:
        whisper = _alive[located] = Whisper(located)
    return whisper


def made_up(segment: Segment) -> bool:
    """Whether a segment looks like an invention over silence or noise, or like a loop."""
    silent = segment.no_speech_prob > _MAX_NO_SPEECH and segment.avg_logprob < _DOUBTFUL_LOG_PROB
    return bool(silent or loops(segment))


def loops(segment: Segment) -> bool:
    """Whether a segment says the same over and over."""
    return bool(segment.compression_ratio > _MAX_COMPRESSION)


class WhisperRecogniser:
    """Speech to words in any of Whisper's languages, with its own punctuation and case."""

    def __init__(self, whisper: Whisper) -> None:
        self._whisper = whisper
        self.name = whisper.located.name
        self.languages = frozenset(whisper.located.languages)

    @property
    def identity(self) -> str:
        """Engine, model and weights; loads nothing."""
        return self._whisper.identity

    def recognise(
        self, chunks: Sequence[Samples], language: str, vocabulary: Sequence[str] = ()
    ) -> list[tuple[Word, ...]]:
        """Words of each chunk, times from its start; ``confidence`` is Whisper's own probability of the word."""
        return [respelled(self._words(chunk, language), vocabulary) for chunk in chunks]

    def _words(self, chunk: Samples, language: str) -> tuple[Word, ...]:
        segments = self._segments(chunk, language)
        if any(loops(segment) for segment in segments):
            segments = self._segments(chunk, language, _NO_REPEAT)
        pieces = (
            Heard(word.word, word.start, word.end, word.probability)
            for segment in segments
            if not made_up(segment)
            for word in segment.words or ()
        )
        return words_of(pieces, language, len(chunk) / _RATE)

    def _segments(self, chunk: Samples, language: str, no_repeat: int = 0) -> list[Segment]:
        segments, _info = self._whisper.model.transcribe(
            chunk,
            language=_OWN.get(language, language),
            word_timestamps=True,
            temperature=0.0,
            no_repeat_ngram_size=no_repeat,
            compression_ratio_threshold=_MAX_COMPRESSION,
            log_prob_threshold=_MIN_LOG_PROB,
            no_speech_threshold=_MAX_NO_SPEECH,
            # What it wrote before would make it repeat itself; our chunks stand alone.
            condition_on_previous_text=False,
            without_timestamps=False,
            vad_filter=False,
        )
        return list(segments)


class WhisperLanguages:
    """Which language is spoken, by Whisper's language tokens."""

    def __init__(self, whisper: Whisper) -> None:
        self._whisper = whisper

    @property
    def identity(self) -> str:
        """Engine, model and weights; loads nothing."""
        return self._whisper.identity

    def probabilities(self, samples: Samples) -> Mapping[str, float]:
        """P(language) by ISO 639-1 code over Whisper's languages, from one window of at most 30 s."""
        features = self._whisper.model.feature_extractor(samples)
        most = self._whisper.model.feature_extractor.nb_max_frames
        few = max(features.shape[-1], _LEAST_FRAMES) + _SILENT_FRAMES
        found = self._heard(features, min(few, most))
        if few < most and max(found.values()) < _SURE:
            return self._heard(features, most)
        return found

    def _heard(self, features: NDArray[np.float32], frames: int) -> dict[str, float]:
        from faster_whisper.audio import pad_or_trim

        model = self._whisper.model
        (tokens,) = model.model.detect_language(model.encode(pad_or_trim(features, length=frames)))
        codes = {token.strip("<|>"): float(probability) for token, probability in tokens}
        return {_ISO.get(code, code): probability for code, probability in codes.items()}


def load_recogniser(located: LocatedModel) -> WhisperRecogniser:
    """A recogniser; loads nothing before its first use."""
    return WhisperRecogniser(_shared(located))


def load_identifier(located: LocatedModel) -> WhisperLanguages:
    """A language identifier that shares its model with the recogniser of the same weights."""
    return WhisperLanguages(_shared(located))
