"""The transcript with its speakers, how far it can be trusted, and whether a person should look at it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from mediaindex.contract.results import Assessment, Language, NormalizedAudio, Recognition, Speakers, Speech
from mediaindex.stages.assembly.coverage import coverage
from mediaindex.stages.assembly.doubt_reasons import DoubtRules, about_doubts
from mediaindex.stages.assembly.speaker_words import assign_speakers, smooth_speakers, snap_to_pauses
from mediaindex.stages.assembly.turns import TurnRules, build_turns, languages_of
from mediaindex.timeline import Transcript, Word, seconds

from .triage import reason

VERSION = 2

SHORTEST = 0.001  # s: the timeline's resolution


@dataclass(frozen=True, slots=True)
class Settings:
    """How words become turns, and below what a person looks at the transcript."""

    # Seconds; a word outside every speaker's span belongs to the nearest span at most this far away.
    speaker_reach: float = 1.0
    # Seconds; a change of speaker moves to a longer pause at most this far away; 0 leaves it where the diarizer has
    # it. Simulated boundaries 0.05 to 0.3 s off, pauses of 0.04 to 0.6 s between turns: words with a wrong speaker
    # fall by a seventh (2.2 to 1.9 %), and nowhere rise by more than 0.1 points.
    snap_reach: float = 0.4
    # By how much longer that pause must be, in seconds per second of distance. Values from 0.25 to 0.75 help.
    snap_worth: float = 0.5
    # At most so many words inside another speaker's turn are taken for a diarization error; 0 keeps all.
    smooth_words: int = 0
    # Seconds; a longer silence ends a turn.
    turn_pause: float = 2.0
    # Seconds; longer turns are cut, so that a search hit leads to the passage and not to half an hour.
    longest_turn: float = 60.0
    # Seconds; if a long turn is cut, a pause of this length counts as the end of a sentence.
    good_pause: float = 0.4
    # Seconds; speech this near to a word counts as transcribed.
    coverage_reach: float = 1.0
    # Mean P(word is right), calibrated, below which too many words are wrong to publish unread: three in ten.
    min_confidence: float = 0.7
    # Share of the speech that must have words near it.
    min_coverage: float = 0.6
    # Seconds of speech from which a missing word is suspicious; less may be a cough.
    words_expected_from: float = 1.0
    # Seconds in all that could not be recognised, from which a person looks.
    max_gap_seconds: float = 5.0
    # Seconds of one doubtful stretch (no words for speech, loops, impossible rates) from which a person looks.
    doubt_seconds: float = 10.0
    # Share of the speech that is doubtful in all, from which a person looks.
    max_doubt_share: float = 0.1
    # Seconds of doubtful speech from which `max_doubt_share` counts: in a short clip a cough is a large share.
    doubt_share_from: float = 3.0


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
    rules = DoubtRules(settings.doubt_seconds, settings.max_doubt_share, settings.doubt_share_from)
    yield from about_doubts(recognition.doubts if confidence is not None else (), speech.speech_seconds, rules)
    missing = sum(gap.span.duration for gap in recognition.gaps)
    if missing > settings.max_gap_seconds:
        whys = ", ".join(sorted({gap.reason for gap in recognition.gaps}))
        yield reason("not_recognised", f"{missing:.1f} s could not be recognised: {whys}.")
