"""Which language is spoken: several windows of speech vote; where they disagree, all speech is heard."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from mediaindex.contract.results import Language, LanguageSpan, LanguageWindow
from mediaindex.contract.settings import DetectSpeechSettings, IdentifyLanguageSettings
from mediaindex.timeline import Span, round_to_ms

from . import detect_speech
from .audio import Audio
from .chunks import quietest
from .language_spans import CANDIDATE, Stretch, steady, stretches
from .protocols import LanguageIdentifier, SpeechDetector

VERSION = 6

FLOOR = 1e-6  # a language that one window calls impossible is only very unlikely
KEPT = 10  # languages noted in the result
FEW_UP_TO = 600.0  # s of recording for which ``IdentifyLanguageSettings.windows`` are enough


@dataclass(frozen=True, slots=True)
class _Heard:
    span: Span  # seconds of decoded audio
    weight: float  # seconds of speech
    probabilities: Mapping[str, float]


def identify_language(
    audio: Audio,
    detector: SpeechDetector,
    identifier: LanguageIdentifier,
    settings: IdentifyLanguageSettings,
    allowed: tuple[str, ...],
) -> Language:
    """The language of the recording, ``und`` where no window holds speech.

    Windows are combined by the mean of their log probabilities, weighted by seconds of speech. ``allowed`` languages,
    if given, share the probability among themselves; how much they had before stands in ``Language.allowed``.
    A recording clearly in one language costs these windows and nothing else. A doubtful window is heard in stretches of
    some seconds; where another language stays likely with what surrounds it, all speech is, and ``Language.spans`` says
    where which is spoken.
    """
    heard = _listen(audio, detector, identifier, settings)
    if not heard:
        return Language("und", 0.0)
    found = _found(audio, heard, allowed)
    doubtful = _doubtful(heard, found.language, allowed, settings)
    if not doubtful:
        return found
    speech = detect_speech.detect_speech(audio, detector, DetectSpeechSettings()).spans
    return _in_stretches(audio, speech, identifier, doubtful, found, allowed)


def _found(audio: Audio, heard: Sequence[_Heard], allowed: tuple[str, ...]) -> Language:
    combined = combine([(one.weight, one.probabilities) for one in heard])
    combined, mass = among(combined, allowed)
    ranked = sorted(combined.items(), key=lambda pair: -pair[1])
    windows = tuple(window for one in heard for window in _windows(audio, one))
    best, confidence = ranked[0]
    kept = {code: round(probability, 6) for code, probability in ranked[:KEPT]}
    return Language(best, min(1.0, confidence), kept, windows, min(1.0, mass))


def among(found: Mapping[str, float], allowed: tuple[str, ...]) -> tuple[dict[str, float], float]:
    """P(language) if it is one of ``allowed`` (all, if there are none), and how much P these had before."""
    if not allowed:
        return dict(found), 1.0
    mass = sum(found.get(code, 0.0) for code in allowed)
    shares = {code: max(found.get(code, 0.0), FLOOR) for code in allowed}
    return {code: share / sum(shares.values()) for code, share in shares.items()}, mass


def _doubtful(
    heard: Sequence[_Heard], language: str, allowed: tuple[str, ...], settings: IdentifyLanguageSettings
) -> list[Span]:
    """Windows that may have another language in them, too: those with most of it, so that looking is never dear."""
    other: list[tuple[float, Span]] = []
    for one in heard:
        shares, _ = among(one.probabilities, allowed)
        strongest = max((p for code, p in shares.items() if code != language), default=0.0)
        if strongest >= settings.other_language:
            other.append((strongest, one.span))
    return [span for _, span in sorted(other, key=lambda pair: -pair[0])[: settings.windows]]


def _in_stretches(
    audio: Audio,
    speech: Sequence[Span],
    identifier: LanguageIdentifier,
    doubtful: Sequence[Span],
    found: Language,
    allowed: tuple[str, ...],
) -> Language:
    """The same with spans, or as it was where one language is left after all. ``speech`` in source time."""
    spans = stretches(map(audio.clock.span_to_audio, speech), lambda a, b: round_to_ms(quietest(audio, a, b)))
    if len(spans) < 2:
        return found
    ear = _Ear(audio, identifier, allowed)
    looked = [number for number, span in enumerate(spans) if _meets(span, doubtful)]
    odd = [number for number in looked if _brings_up_another(ear.hears(spans[number]).probabilities, found.language)]
    if not odd:
        return found  # a doubtful sound and no other language
    beside = {number + step for number in odd for step in (-1, 1)} & set(range(len(spans)))
    near = [ear.hears(spans[number]) for number in sorted({*looked, *beside})]
    if set(steady(near)) == {found.language}:
        return found  # an odd moment: who speaks another language does so for longer, or more than once
    heard = [ear.hears(span) for span in spans]
    codes = steady(heard)
    if set(codes) == {found.language}:
        return found
    mass = sum(ear.mass[span] * span.duration for span in spans) / sum(one.duration for one in spans)
    return _mixed(found, tuple(_language_spans(audio, heard, codes)), _lengths(heard, codes), mass)


@dataclass(slots=True)
class _Ear:
    """Hears each stretch once."""

    audio: Audio
    identifier: LanguageIdentifier
    allowed: tuple[str, ...]
    mass: dict[Span, float] = field(default_factory=dict)  # P of the allowed languages, before they share all of it
    _heard: dict[Span, Stretch] = field(default_factory=dict)

    def hears(self, span: Span) -> Stretch:
        if span not in self._heard:
            found = self.identifier.probabilities(self.audio.read_span(span))
            shares, self.mass[span] = among(found, self.allowed)
            self._heard[span] = Stretch(span, shares)
        return self._heard[span]


def _brings_up_another(probabilities: Mapping[str, float], language: str) -> bool:
    return any(p >= CANDIDATE for code, p in probabilities.items() if code != language)


def _mixed(found: Language, spans: tuple[LanguageSpan, ...], lengths: Mapping[str, float], mass: float) -> Language:
    """What is noted of a recording in several languages: ``confidence`` is that of the spans, by their length."""
    total = sum(lengths.values())
    sure = sum(one.probability * one.span.duration for one in spans) / sum(one.span.duration for one in spans)
    return Language(
        language=max(lengths, key=lambda code: lengths[code]),
        confidence=min(1.0, sure),
        probabilities={code: round(length / total, 6) for code, length in lengths.items()},
        windows=found.windows,
        allowed=min(1.0, mass),
        spans=spans if len(lengths) > 1 else (),
    )


def _lengths(heard: Sequence[Stretch], codes: Sequence[str]) -> dict[str, float]:
    """Seconds of each language, most first."""
    seconds_of: dict[str, float] = {}
    for one, code in zip(heard, codes, strict=True):
        seconds_of[code] = seconds_of.get(code, 0.0) + one.span.duration
    return dict(sorted(seconds_of.items(), key=lambda pair: -pair[1]))


def _meets(span: Span, others: Sequence[Span]) -> bool:
    return any(span.overlap(other) > 0 for other in others)


def _language_spans(audio: Audio, heard: Sequence[Stretch], codes: Sequence[str]) -> Iterator[LanguageSpan]:
    """Neighbours of the same language as one, cut where the clock jumps: by its length each counts in confidence."""
    pairs = zip(heard, codes, strict=True)
    for code, group in itertools.groupby(pairs, key=lambda pair: pair[1]):
        some = [one for one, _ in group]
        whole = Span(some[0].span.start, some[-1].span.end)
        sure = combine([(one.span.duration, one.probabilities) for one in some]).get(code, 0.0)
        for piece in audio.clock.pieces_to_source(whole):
            yield LanguageSpan(piece, code, round(min(1.0, sure), 4))


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


def _listen(
    audio: Audio, detector: SpeechDetector, identifier: LanguageIdentifier, settings: IdentifyLanguageSettings
) -> list[_Heard]:
    whole = audio.duration <= settings.whole
    window = settings.whole if whole else settings.window
    few = spread(audio.duration, window, how_many(audio.duration, settings))
    if heard := list(_heard(few, audio, detector, identifier, settings)):
        return heard
    # Speech may be rare. Looking on until some is found costs no more than finding out that there is none.
    every = spread(audio.duration, window, max(1, math.ceil(audio.duration / window)))
    return list(itertools.islice(_heard(every, audio, detector, identifier, settings), settings.windows))


def how_many(duration: float, settings: IdentifyLanguageSettings) -> int:
    """Windows at most for a recording of ``duration`` seconds: four times the length, twice the windows."""
    grown = round(settings.windows * math.sqrt(max(1.0, duration / FEW_UP_TO)))
    return max(settings.windows, min(grown, settings.most_windows))


def _heard(
    spans: Iterable[Span],
    audio: Audio,
    detector: SpeechDetector,
    identifier: LanguageIdentifier,
    settings: IdentifyLanguageSettings,
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
    return [Span(round_to_ms(index * step), round_to_ms(index * step + window)) for index in range(number)]


def _windows(audio: Audio, heard: _Heard) -> Iterator[LanguageWindow]:
    """What was heard as one, on each side of a jump of the clock."""
    best = max(heard.probabilities, key=lambda code: heard.probabilities[code])
    for piece in audio.clock.pieces_to_source(heard.span):
        yield LanguageWindow(piece, best, min(1.0, heard.probabilities[best]))
