"""Whisper through faster-whisper (CTranslate2): multilingual recognition and language identification."""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from .vocabulary import respelled
from .words import TimedText, words_of

if TYPE_CHECKING:
    import numpy as np
    from faster_whisper import WhisperModel
    from faster_whisper.transcribe import Segment
    from numpy.typing import NDArray

    from mediaindex.models import LocatedModel
    from mediaindex.stages.protocols import Samples
    from mediaindex.timeline import Word

_RATE = 16_000
# Whisper decodes a repetitive segment again at a higher temperature. That samples, and the seed of CTranslate2 does not
# make it reproducible (its workers keep their generators): the same audio gave other words each time. Forbidding a
# second occurrence of any sequence of this many tokens also prevents loops, without sampling.
_NO_REPEAT = 4
# If somebody did repeat himself, this forces Whisper to words that nobody said. Measured on five true repetitions ("no"
# fifteen times, an announcement six times), 11 to 31 % of the words then have a probability below 0.1.
_FORCED = 0.1
_MOST_FORCED = 0.05
# A loop goes on after the audio: from this many words without length in a row on, nothing is spoken any more.
_BEYOND_AUDIO = 4
_NO_LENGTH = 0.02  # s
# Whisper's default thresholds.
_MAX_COMPRESSION = 2.4
_MAX_NO_SPEECH = 0.6
_MIN_LOG_PROB = -1.0
# Over silence and music Whisper writes "You" and "I'm sorry" at -0.7 to -0.9, with a probability of no speech of at
# least 0.7 (real speech: at most 0.1).
_DOUBTFUL_LOG_PROB = -0.5
# Language identification does not need the whole window of 30 s, most of it padding, unless the result is uncertain:
# for 132 stretches of 3 to 9 s the language is the same as with the whole window, in 0.4 times the time.
_LEAST_FRAMES = 500  # of 10 ms
_SILENT_FRAMES = 200
_CERTAIN = 0.8
_ISO = {"jw": "jv"}  # Whisper's code for Javanese
_OWN = {iso: own for own, iso in _ISO.items()}


class Whisper:
    """The model, loaded at first use and shared by both adapters; CTranslate2 serialises calls from several threads."""

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
                from faster_whisper import WhisperModel  # takes 0.2 s, which most transcriptions do not need

                threads = len(os.sched_getaffinity(0))
                self._model = WhisperModel(
                    str(self.located.path),
                    device="cpu",
                    compute_type="int8",
                    cpu_threads=threads,
                    local_files_only=True,
                )
            return self._model


# One model for both adapters, for as long as one of them exists.
_models: WeakValueDictionary[LocatedModel, Whisper] = WeakValueDictionary()


def _shared(located: LocatedModel) -> Whisper:
    whisper = _models.get(located)
    if whisper is None:
        whisper = _models[located] = Whisper(located)
    return whisper


def is_hallucination(segment: Segment) -> bool:
    """Whether a segment looks like text invented over silence or noise."""
    return bool(segment.no_speech_prob > _MAX_NO_SPEECH and segment.avg_logprob < _DOUBTFUL_LOG_PROB)


def loops(segment: Segment) -> bool:
    """Whether a segment repeats the same text."""
    return bool(segment.compression_ratio > _MAX_COMPRESSION)


def spoken_words(segments: Iterable[Segment]) -> list[TimedText]:
    """The words of the segments that are no hallucinations."""
    kept = (segment for segment in segments if not is_hallucination(segment))
    return [
        TimedText(word.word, word.start, word.end, word.probability) for segment in kept for word in segment.words or ()
    ]


def is_forced(words: Sequence[TimedText]) -> bool:
    """Whether too many words are so improbable that only the ban on repetitions can explain them."""
    return sum(word.probability < _FORCED for word in words) >= max(1.0, _MOST_FORCED * len(words))


def within_audio(words: Sequence[TimedText]) -> list[TimedText]:
    """The words before the place from which on they have no length."""
    kept: list[TimedText] = []
    for instant, run in itertools.groupby(words, key=lambda word: word.end - word.start < _NO_LENGTH):
        part = list(run)
        if instant and len(part) >= _BEYOND_AUDIO:
            break
        kept += part
    return kept


class WhisperRecogniser:
    """A recogniser for the languages of Whisper, with punctuation and case."""

    may_loop = True

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
        """Words of each chunk, with times from its start; ``confidence`` is the probability that Whisper reports."""
        return [respelled(self._words(chunk, language), vocabulary) for chunk in chunks]

    def _words(self, chunk: Samples, language: str) -> tuple[Word, ...]:
        segments = self._segments(chunk, language)
        words = spoken_words(segments)
        if any(loops(segment) for segment in segments):
            again = spoken_words(self._segments(chunk, language, _NO_REPEAT))
            words = within_audio(words) if is_forced(again) else again
        return words_of(words, len(chunk) / _RATE)

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
            # Chunks are independent, and previous text would make Whisper repeat itself.
            condition_on_previous_text=False,
            without_timestamps=False,
            vad_filter=False,
        )
        return list(segments)


class WhisperLanguages:
    """Language identification by the language tokens of Whisper."""

    def __init__(self, whisper: Whisper) -> None:
        self._whisper = whisper

    @property
    def identity(self) -> str:
        """Engine, model and weights; loads nothing."""
        return self._whisper.identity

    def probabilities(self, samples: Samples) -> Mapping[str, float]:
        """P(language) by ISO 639-1 code over the languages of Whisper, from one window of at most 30 s."""
        features = self._whisper.model.feature_extractor(samples)
        window = self._whisper.model.feature_extractor.nb_max_frames
        short = max(features.shape[-1], _LEAST_FRAMES) + _SILENT_FRAMES
        probabilities = self._detected(features, min(short, window))
        if short < window and max(probabilities.values()) < _CERTAIN:
            return self._detected(features, window)
        return probabilities

    def _detected(self, features: NDArray[np.float32], frames: int) -> dict[str, float]:
        from faster_whisper.audio import pad_or_trim

        model = self._whisper.model
        (tokens,) = model.model.detect_language(model.encode(pad_or_trim(features, length=frames)))
        codes = {token.strip("<|>"): float(probability) for token, probability in tokens}
        return {_ISO.get(code, code): probability for code, probability in codes.items()}


def load_recogniser(located: LocatedModel) -> WhisperRecogniser:
    """A recogniser that loads its model at first use."""
    return WhisperRecogniser(_shared(located))


def load_identifier(located: LocatedModel) -> WhisperLanguages:
    """A language identifier that shares its model with the recogniser of the same weights."""
    return WhisperLanguages(_shared(located))
