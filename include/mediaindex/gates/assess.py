"""The transcript with its speakers, how far it can be trusted, and whether a person should look at it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from mediaindex.stages.results import Assessment, Language, NormalizedAudio, Recognition, Speakers, Speech
from mediaindex.timeline import Transcript, Word, seconds

from .coverage import coverage
from .reason import reason
from .speaker_words import assign_speakers, smooth_speakers
from .turns import TurnRules, build_turns

VERSION = 1

SHORTEST = 0.001  # s: the timeline's resolution


@dataclass(frozen=True, slots=True)
class Settings:
    """How words become turns, and below what a person looks at the transcript."""

    # s: a word that no speaker's span covers belongs to the nearest one at most this far away.
    speaker_reach: float = 1.0
    # Islands of at most so many words inside another speaker's turn are taken for diarization errors; 0 keeps all.
    smooth_words: int = 0
    # s: a silence longer than this ends a turn.
    turn_pause: float = 2.0
    # s: longer turns are cut, so that a search hit leads to the passage and not to half an hour.
    longest_turn: float = 60.0
    # s: where a long turn is cut, a pause of this length counts as the end of a sentence.
    good_pause: float = 0.4
    # s: speech this near to a word counts as written down.
    coverage_reach: float = 1.0
    # Mean P(word is right) below which too many words are wrong to publish unread.
    min_confidence: float = 0.5
    # Share of the speech that must have words near it.
    min_coverage: float = 0.6
    # s of speech from which it is strange that there is no word; shorter may be a cough.
    words_expected_from: float = 1.0
    # s in all that could not be recognised, for whatever reason, and that nobody has to look at.
    max_gap_seconds: float = 5.0


def assess(
    normalized: NormalizedAudio,
    speech: Speech,
    speakers: Speakers,
    language: Language,
    recognition: Recognition,
    settings: Settings,
) -> Assessment:
    """Words to speakers, words to turns, and a judgement. Without speech: an empty transcript, no review."""
    start, end = seconds(normalized.start), seconds(normalized.end)
    words = assign_speakers(list(_inside(recognition.words, start, end)), speakers.exclusive, settings.speaker_reach)
    words = smooth_speakers(words, settings.smooth_words)
    rules = TurnRules(settings.turn_pause, settings.longest_turn, settings.good_pause)
    transcript = Transcript(
        start=start,
        end=end,
        language=recognition.language if words else "und",
        recogniser=recognition.recogniser,
        turns=build_turns(words, recognition.language, rules),
        language_confidence=language.confidence if words else 0.0,
    )
    covered = coverage(speech.spans, words, settings.coverage_reach)
    reasons = tuple(_reasons(transcript, covered, speech, recognition, settings))
    return Assessment(transcript, transcript.confidence, covered, bool(reasons), reasons)


def _inside(words: Sequence[Word], start: float, end: float) -> Iterator[Word]:
    """The words, none of them outside the recording: rounding and padding put some a little over its edges."""
    for word in words:
        if start <= word.start and word.end <= end:
            yield word
            continue
        begin = min(max(word.start, start), seconds(end - SHORTEST))
        yield replace(word, start=begin, end=min(max(word.end, seconds(begin + SHORTEST)), end))


def _reasons(
    transcript: Transcript, covered: float, speech: Speech, recognition: Recognition, settings: Settings
) -> Iterator[str]:
    spoken = f"{speech.speech_seconds:.1f} s of speech"
    confidence = transcript.confidence
    if confidence is None:
        if speech.speech_seconds >= settings.words_expected_from:
            yield reason("no_words", f"{spoken}, but no word was recognised.")
    else:
        if confidence < settings.min_confidence:
            yield reason(
                "low_confidence",
                f"Words are right with a mean probability of {confidence:.0%} "
                f"(at least {settings.min_confidence:.0%} expected).",
            )
        if covered < settings.min_coverage:
            yield reason(
                "low_coverage",
                f"Only {covered:.0%} of {spoken} have words near them (at least {settings.min_coverage:.0%} expected).",
            )
    missing = sum(gap.span.duration for gap in recognition.gaps)
    if missing > settings.max_gap_seconds:
        whys = ", ".join(sorted({gap.reason for gap in recognition.gaps}))
        yield reason("not_recognised", f"{missing:.1f} s could not be recognised: {whys}.")
