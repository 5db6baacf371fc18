"""Which language is spoken: several windows of speech vote, each by how much speech it holds."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from mediaindex.timeline import Span, seconds

from .audio import Audio
from .protocols import LanguageIdentifier, SpeechDetector
from .results import Language, LanguageWindow

VERSION = 1

FLOOR = 1e-6  # a language that one window calls impossible is only very unlikely
KEPT = 10  # languages noted in the result


@dataclass(frozen=True, slots=True)
class Settings:
    """How much of a recording is listened to."""

    # Seconds in one window; Whisper takes 30.
    window: float = 30.0
    # Windows at most, spread evenly: the cost does not grow with length.
    windows: int = 5
    # P(speech) from which a frame counts as speech.
    speech_threshold: float = 0.5
    # Seconds of speech that a window needs to be heard.
    min_speech: float = 0.5


@dataclass(frozen=True, slots=True)
class _Heard:
    span: Span  # seconds of decoded audio
    weight: float  # seconds of speech
    probabilities: Mapping[str, float]


def identify_language(
    audio: Audio,
    detector: SpeechDetector,
    identifier: LanguageIdentifier,
    settings: Settings,
    allowed: tuple[str, ...],
) -> Language:
    """The language of the recording, ``und`` where no window holds speech.

    Windows are combined by the mean of their log probabilities, weighted by seconds of speech. ``allowed`` languages,
    if given, share the probability among themselves; how much they had before stands in ``Language.allowed``.
    """
    heard = _listen(audio, detector, identifier, settings)
    if not heard:
        return Language("und", 0.0)
    combined = combine([(one.weight, one.probabilities) for one in heard])
    mass = 1.0
    if allowed:
        mass = sum(combined.get(code, 0.0) for code in allowed)
        combined = {code: combined.get(code, FLOOR) / max(mass, FLOOR) for code in allowed}
        total = sum(combined.values())
        combined = {code: probability / total for code, probability in combined.items()}
    ranked = sorted(combined.items(), key=lambda pair: -pair[1])
    windows = tuple(_window(audio, one) for one in heard)
    best, confidence = ranked[0]
    kept = {code: round(probability, 6) for code, probability in ranked[:KEPT]}
    return Language(best, min(1.0, confidence), kept, windows, min(1.0, mass))


def combine(windows: Sequence[tuple[float, Mapping[str, float]]]) -> dict[str, float]:
    """P(language) over weighted windows: the weighted mean of logarithms, normalised."""
    codes = {code for _, probabilities in windows for code in probabilities}
    total = sum(weight for weight, _ in windows)
    scores = {
        code: sum(weight * math.log(max(found.get(code, 0.0), FLOOR)) for weight, found in windows) / total
        for code in codes
    }
    highest = max(scores.values())
    shares = {code: math.exp(score - highest) for code, score in scores.items()}
    return {code: share / sum(shares.values()) for code, share in shares.items()}


def _listen(audio: Audio, detector: SpeechDetector, identifier: LanguageIdentifier, settings: Settings) -> list[_Heard]:
    few = spread(audio.duration, settings.window, settings.windows)
    if heard := list(_heard(few, audio, detector, identifier, settings)):
        return heard
    # Speech may be rare. Looking on until some is found costs no more than finding out that there is none.
    every = spread(audio.duration, settings.window, max(1, math.ceil(audio.duration / settings.window)))
    return list(itertools.islice(_heard(every, audio, detector, identifier, settings), settings.windows))


def _heard(
    spans: Iterable[Span], audio: Audio, detector: SpeechDetector, identifier: LanguageIdentifier, settings: Settings
) -> Iterator[_Heard]:
    for span in spans:
        samples = audio.read_span(span)
        frames = detector.probabilities(samples)
        speech = float((frames > settings.speech_threshold).sum()) * detector.frame_seconds
        if speech >= min(settings.min_speech, span.duration / 2):
            yield _Heard(span, speech, identifier.probabilities(samples))


def spread(duration: float, window: float, count: int) -> list[Span]:
    """At most ``count`` windows over ``duration`` seconds, evenly spread; one where it is short.

    They overlap only where ``count`` of them do not fit side by side.
    """
    if duration <= 0:
        return []
    if duration <= window:
        return [Span(0.0, duration)]
    number = min(count, math.ceil(duration / window))
    if number == 1:
        return [Span(0.0, window)]
    step = (duration - window) / (number - 1)
    return [Span(seconds(index * step), seconds(index * step + window)) for index in range(number)]


def _window(audio: Audio, heard: _Heard) -> LanguageWindow:
    best = max(heard.probabilities, key=lambda code: heard.probabilities[code])
    return LanguageWindow(audio.clock.span_to_source(heard.span), best, min(1.0, heard.probabilities[best]))
