"""The stage ``identify_language``: several windows of speech vote; if they disagree, all speech is examined."""

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

FLOOR = 1e-6  # least P(language): no single window can rule a language out
KEPT = 10  # languages in the result
FEW_UP_TO = 600.0  # s of recording for which ``IdentifyLanguageSettings.windows`` are enough


@dataclass(frozen=True, slots=True)
class _Window:
    """What the identifier returned for a window."""

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
    """The language of the recording, ``und`` if no window holds speech.

    Windows are combined by the mean of their log probabilities, weighted by seconds of speech. The probabilities of the
    ``allowed`` languages, if given, are renormalised; their total before is ``Language.allowed``.
    For a recording clearly in one language only these windows are examined. A doubtful window is examined in stretches
    of some seconds; if another language remains likely together with its surroundings, all speech is examined, and
    ``Language.spans`` has the language of each part.
    """
    windows = _examine_windows(audio, detector, identifier, settings)
    if not windows:
        return Language("und", 0.0)
    main = _language_of(audio, windows, allowed)
    doubtful = _doubtful(windows, main.language, allowed, settings)
    if not doubtful:
        return main
    speech = detect_speech.detect_speech(audio, detector, DetectSpeechSettings()).spans
    return _in_stretches(audio, speech, identifier, doubtful, main, allowed)


def _language_of(audio: Audio, windows: Sequence[_Window], allowed: tuple[str, ...]) -> Language:
    combined = combine([(window.weight, window.probabilities) for window in windows])
    combined, mass = among(combined, allowed)
    ranked = sorted(combined.items(), key=lambda pair: -pair[1])
    on_clock = tuple(piece for window in windows for piece in _on_source_clock(audio, window))
    best, confidence = ranked[0]
    kept = {code: round(probability, 6) for code, probability in ranked[:KEPT]}
    return Language(best, min(1.0, confidence), kept, on_clock, min(1.0, mass))


def among(probabilities: Mapping[str, float], allowed: tuple[str, ...]) -> tuple[dict[str, float], float]:
    """P(language) renormalised over ``allowed`` (all languages if empty), and their total probability before."""
    if not allowed:
        return dict(probabilities), 1.0
    mass = sum(probabilities.get(code, 0.0) for code in allowed)
    shares = {code: max(probabilities.get(code, 0.0), FLOOR) for code in allowed}
    return {code: share / sum(shares.values()) for code, share in shares.items()}, mass


def _doubtful(
    windows: Sequence[_Window], language: str, allowed: tuple[str, ...], settings: IdentifyLanguageSettings
) -> list[Span]:
    """Windows in which another language is likely: the most likely ones, so that the cost is bounded."""
    other: list[tuple[float, Span]] = []
    for window in windows:
        shares, _ = among(window.probabilities, allowed)
        strongest = max((p for code, p in shares.items() if code != language), default=0.0)
        if strongest >= settings.other_language:
            other.append((strongest, window.span))
    return [span for _, span in sorted(other, key=lambda pair: -pair[0])[: settings.windows]]


def _in_stretches(
    audio: Audio,
    speech: Sequence[Span],
    identifier: LanguageIdentifier,
    doubtful: Sequence[Span],
    main: Language,
    allowed: tuple[str, ...],
) -> Language:
    """The language with spans; unchanged if only the main language is left. ``speech`` in source time."""
    spans = stretches(map(audio.clock.span_to_audio, speech), lambda a, b: round_to_ms(quietest(audio, a, b)))
    if len(spans) < 2:
        return main
    examiner = _StretchExaminer(audio, identifier, allowed)
    examined = [index for index, span in enumerate(spans) if _meets(span, doubtful)]
    other = [index for index in examined if _has_another(examiner.examine(spans[index]).probabilities, main.language)]
    if not other:
        return main  # unclear speech, but no other language
    beside = {index + step for index in other for step in (-1, 1)} & set(range(len(spans)))
    near = [examiner.examine(spans[index]) for index in sorted({*examined, *beside})]
    if set(steady(near)) == {main.language}:
        return main  # an outlier: another language would be spoken for longer, or more than once
    every = [examiner.examine(span) for span in spans]
    codes = steady(every)
    if set(codes) == {main.language}:
        return main
    mass = sum(examiner.mass[span] * span.duration for span in spans) / sum(span.duration for span in spans)
    return _mixed(main, tuple(_language_spans(audio, every, codes)), _lengths(every, codes), mass)


@dataclass(slots=True)
class _StretchExaminer:
    """Identifies the language of stretches, each at most once."""

    audio: Audio
    identifier: LanguageIdentifier
    allowed: tuple[str, ...]
    mass: dict[Span, float] = field(default_factory=dict)  # P of the allowed languages before renormalisation
    _examined: dict[Span, Stretch] = field(default_factory=dict)

    def examine(self, span: Span) -> Stretch:
        if span not in self._examined:
            probabilities = self.identifier.probabilities(self.audio.read_span(span))
            shares, self.mass[span] = among(probabilities, self.allowed)
            self._examined[span] = Stretch(span, shares)
        return self._examined[span]


def _has_another(probabilities: Mapping[str, float], language: str) -> bool:
    return any(p >= CANDIDATE for code, p in probabilities.items() if code != language)


def _mixed(main: Language, spans: tuple[LanguageSpan, ...], lengths: Mapping[str, float], mass: float) -> Language:
    """The language of a recording in several languages; ``confidence`` is the mean of the spans, by duration."""
    total = sum(lengths.values())
    confidence = sum(part.probability * part.span.duration for part in spans) / sum(
        part.span.duration for part in spans
    )
    return Language(
        language=max(lengths, key=lambda code: lengths[code]),
        confidence=min(1.0, confidence),
        probabilities={code: round(length / total, 6) for code, length in lengths.items()},
        windows=main.windows,
        allowed=min(1.0, mass),
        spans=spans if len(lengths) > 1 else (),
    )


def _lengths(examined: Sequence[Stretch], codes: Sequence[str]) -> dict[str, float]:
    """Seconds of each language, most first."""
    seconds_of: dict[str, float] = {}
    for stretch, code in zip(examined, codes, strict=True):
        seconds_of[code] = seconds_of.get(code, 0.0) + stretch.span.duration
    return dict(sorted(seconds_of.items(), key=lambda pair: -pair[1]))


def _meets(span: Span, others: Sequence[Span]) -> bool:
    return any(span.overlap(other) > 0 for other in others)


def _language_spans(audio: Audio, examined: Sequence[Stretch], codes: Sequence[str]) -> Iterator[LanguageSpan]:
    """Neighbours of the same language joined, and cut at jumps of the clock."""
    pairs = zip(examined, codes, strict=True)
    for code, group in itertools.groupby(pairs, key=lambda pair: pair[1]):
        neighbours = [stretch for stretch, _ in group]
        whole = Span(neighbours[0].span.start, neighbours[-1].span.end)
        combined = combine([(stretch.span.duration, stretch.probabilities) for stretch in neighbours])
        for piece in audio.clock.pieces_to_source(whole):
            yield LanguageSpan(piece, code, round(min(1.0, combined.get(code, 0.0)), 4))


def combine(windows: Sequence[tuple[float, Mapping[str, float]]]) -> dict[str, float]:
    """P(language) over weighted windows: the weighted mean of logarithms, normalised."""
    codes = {code for _, probabilities in windows for code in probabilities}
    total = sum(weight for weight, _ in windows)
    scores = {
        code: sum(weight * math.log(max(shares.get(code, 0.0), FLOOR)) for weight, shares in windows) / total
        for code in codes
    }
    highest = max(scores.values())
    shares = {code: math.exp(score - highest) for code, score in scores.items()}
    return {code: share / sum(shares.values()) for code, share in shares.items()}


def _examine_windows(
    audio: Audio, detector: SpeechDetector, identifier: LanguageIdentifier, settings: IdentifyLanguageSettings
) -> list[_Window]:
    whole = audio.duration <= settings.whole
    window = settings.whole if whole else settings.window
    few = spread(audio.duration, window, how_many(audio.duration, settings))
    if windows := list(_windows_with_speech(few, audio, detector, identifier, settings)):
        return windows
    # Speech may be rare. Searching until some is found costs no more than establishing that there is none.
    every = spread(audio.duration, window, max(1, math.ceil(audio.duration / window)))
    return list(itertools.islice(_windows_with_speech(every, audio, detector, identifier, settings), settings.windows))


def how_many(duration: float, settings: IdentifyLanguageSettings) -> int:
    """The number of windows for ``duration`` seconds: four times the duration has twice the windows."""
    grown = round(settings.windows * math.sqrt(max(1.0, duration / FEW_UP_TO)))
    return max(settings.windows, min(grown, settings.most_windows))


def _windows_with_speech(
    spans: Iterable[Span],
    audio: Audio,
    detector: SpeechDetector,
    identifier: LanguageIdentifier,
    settings: IdentifyLanguageSettings,
) -> Iterator[_Window]:
    for span in spans:
        samples = audio.read_span(span)
        frames = detector.probabilities(samples)
        speech = float((frames > settings.speech_threshold).sum()) * detector.frame_seconds
        if speech >= min(settings.min_speech, span.duration / 2):
            yield _Window(span, speech, identifier.probabilities(samples))


def spread(duration: float, window: float, count: int) -> list[Span]:
    """At most ``count`` windows over ``duration`` seconds, evenly spread; one window if the recording is short.

    They overlap only if ``count`` of them do not fit side by side.
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


def _on_source_clock(audio: Audio, window: _Window) -> Iterator[LanguageWindow]:
    """The window in source time, cut at jumps of the clock."""
    best = max(window.probabilities, key=lambda code: window.probabilities[code])
    for piece in audio.clock.pieces_to_source(window.span):
        yield LanguageWindow(piece, best, min(1.0, window.probabilities[best]))
