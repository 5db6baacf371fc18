"""The stage ``assess``: the transcript with speakers, its estimated quality, and whether it needs a review."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mediaindex.contract.results import Assessment, Language, NormalizedAudio, Recognition, Speakers, Speech
from mediaindex.contract.settings import AssessSettings
from mediaindex.contract.states import ReasonCode
from mediaindex.stages.assembly.doubt_reasons import DoubtRules, about_doubts, coverage
from mediaindex.stages.assembly.speaker_words import assign_speakers, smooth_speakers, snap_to_pauses
from mediaindex.stages.assembly.turns import TurnRules, build_turns, languages_of
from mediaindex.timeline import RESOLUTION, Transcript, Word, round_to_ms

from .triage import reason

VERSION = 2


def assess(
    normalized: NormalizedAudio,
    speech: Speech,
    speakers: Speakers,
    language: Language,
    recognition: Recognition,
    settings: AssessSettings,
) -> Assessment:
    """Assign words to speakers, build turns and judge them. Without speech: an empty transcript, no review."""
    start, end = round_to_ms(normalized.start), round_to_ms(normalized.end)
    words = assign_speakers(list(_inside(recognition.words, start, end)), speakers.exclusive, settings.speaker_reach)
    words = snap_to_pauses(words, settings.snap_reach, settings.snap_worth)
    words = smooth_speakers(words, settings.smooth_words)
    rules = TurnRules(settings.turn_pause, settings.longest_turn, settings.good_pause)
    transcript = Transcript(
        start=start,
        end=end,
        language=recognition.language if words else "und",
        recogniser=recognition.recogniser,
        turns=build_turns(words, languages_of(words, recognition), rules),
        language_confidence=language.confidence if words else 0.0,
    )
    covered = coverage(speech.spans, words, settings.coverage_reach)
    reasons = tuple(_reasons(transcript, covered, speech, recognition, settings))
    return Assessment(transcript, transcript.confidence, covered, bool(reasons), reasons)


def _inside(words: Sequence[Word], start: float, end: float) -> Iterator[Word]:
    """The words, clipped to the recording: rounding and padding move some of them slightly past its edges."""
    for word in words:
        if start <= word.start and word.end <= end:
            yield word
            continue
        begin = min(max(word.start, start), end - RESOLUTION)
        yield word.moved_to(begin, min(word.end, end))


def _reasons(
    transcript: Transcript, covered: float, speech: Speech, recognition: Recognition, settings: AssessSettings
) -> Iterator[str]:
    spoken = f"{speech.speech_seconds:.1f} s of speech"
    confidence = transcript.confidence
    if confidence is None:
        if speech.speech_seconds >= settings.words_expected_from:
            yield reason(ReasonCode.NO_WORDS, f"{spoken}, but no word was recognised.")
    else:
        if confidence < settings.min_confidence:
            yield reason(
                ReasonCode.LOW_CONFIDENCE,
                f"Words are right with a mean probability of {confidence:.0%} "
                f"(at least {settings.min_confidence:.0%} expected).",
            )
        if covered < settings.min_coverage:
            yield reason(
                ReasonCode.LOW_COVERAGE,
                f"Only {covered:.0%} of {spoken} have words near them (at least {settings.min_coverage:.0%} expected).",
            )
    rules = DoubtRules(settings.doubt_seconds, settings.max_doubt_share, settings.doubt_share_from)
    yield from about_doubts(recognition.doubts if confidence is not None else (), speech.speech_seconds, rules)
    missing = sum(gap.span.duration for gap in recognition.gaps)
    if missing > settings.max_gap_seconds:
        whys = ", ".join(sorted({gap.reason for gap in recognition.gaps}))
        yield reason(ReasonCode.NOT_RECOGNISED, f"{missing:.1f} s could not be recognised: {whys}.")
