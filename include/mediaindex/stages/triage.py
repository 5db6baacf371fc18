"""Triage: decide whether a recording is transcribed, or reviewed by a person first.

It runs inside the orchestrator on a few numbers, so nothing heavy is imported.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mediaindex.contract.settings import TriageSettings
from mediaindex.contract.states import Decision, ReasonCode


def reason(code: ReasonCode, sentence: str) -> str:
    """``code: sentence``. The code is stable, for counting and filtering; the sentence has the numbers."""
    return f"{code}: {sentence}"


def code_of(text: str) -> str:
    """The code of a reason."""
    return text.partition(":")[0]


VERSION = 1

UNDETERMINED = "und"


@dataclass(frozen=True, slots=True)
class TriageFacts:
    """Results of the earlier stages. Times in seconds, levels in dB, the rest probabilities or shares in [0, 1]."""

    duration: float
    speech_seconds: float
    speech_share: float
    snr_db: float | None
    mean_probability: float
    language: str
    language_confidence: float
    allowed: float

    @classmethod
    def from_summaries(cls, summaries: Mapping[str, Mapping[str, Any]]) -> TriageFacts:
        """The facts, from the summaries of normalize, detect_speech and identify_language."""
        speech, language = summaries["detect_speech"], summaries["identify_language"]
        return cls(
            duration=summaries["normalize"]["duration"],
            speech_seconds=speech["speech_seconds"],
            speech_share=speech["speech_share"],
            snr_db=speech["snr_db"],
            mean_probability=speech["mean_probability"],
            language=language["language"],
            language_confidence=language["confidence"],
            allowed=language["allowed"],
        )


@dataclass(frozen=True, slots=True)
class TriageDecision:
    """The decision about a recording; ``review`` has at least one reason, ``transcribe`` has none.

    Each reason is ``code: sentence for the reviewer, with the numbers``.
    """

    way: Decision
    reasons: tuple[str, ...] = ()

    @property
    def transcribe(self) -> bool:
        """Whether the recording goes on to recognition."""
        return self.way == Decision.TRANSCRIBE


def triage(facts: TriageFacts, settings: TriageSettings) -> TriageDecision:
    """Decide. A recording without speech is transcribed: it gets an empty transcript and needs no review."""
    if facts.speech_seconds <= 0:
        return TriageDecision(Decision.TRANSCRIBE)
    reasons = (*_about_language(facts, settings), *_about_signal(facts, settings))
    return TriageDecision(Decision.REVIEW, reasons) if reasons else TriageDecision(Decision.TRANSCRIBE)


def _about_language(facts: TriageFacts, settings: TriageSettings) -> Iterator[str]:
    if facts.speech_seconds < settings.judge_from_speech_seconds:
        return
    if facts.language == UNDETERMINED:
        yield reason(
            ReasonCode.LANGUAGE_UNDETERMINED, f"Speech of {facts.speech_seconds:.1f} s, but no language was recognised."
        )
        return
    if facts.allowed < settings.min_allowed:
        yield reason(
            ReasonCode.LANGUAGE_NOT_ALLOWED,
            f"Only {facts.allowed:.0%} of the probability is on the allowed languages "
            f"(at least {settings.min_allowed:.0%} expected); the most likely of them is '{facts.language}'.",
        )
    if facts.language_confidence < settings.min_language_confidence:
        yield reason(
            ReasonCode.LANGUAGE_UNCERTAIN,
            f"The language is probably '{facts.language}', but with a confidence of only "
            f"{facts.language_confidence:.0%} (at least {settings.min_language_confidence:.0%} expected).",
        )


def _about_signal(facts: TriageFacts, settings: TriageSettings) -> Iterator[str]:
    if facts.speech_share < settings.min_speech_share:
        yield reason(
            ReasonCode.LITTLE_SPEECH,
            f"Only {facts.speech_seconds:.1f} s of {facts.duration:.1f} s are speech: {facts.speech_share:.1%} "
            f"(at least {settings.min_speech_share:.1%} expected).",
        )
    if facts.speech_seconds < settings.judge_from_speech_seconds:
        return
    if facts.snr_db is not None and facts.snr_db < settings.min_snr_db:
        yield reason(
            ReasonCode.NOISY,
            f"Speech is only {facts.snr_db:.1f} dB above the background "
            f"(at least {settings.min_snr_db:.1f} dB expected).",
        )
    if facts.mean_probability < settings.min_speech_probability:
        yield reason(
            ReasonCode.SPEECH_UNCERTAIN,
            f"The detector is only {facts.mean_probability:.0%} sure that the detected speech is speech "
            f"(at least {settings.min_speech_probability:.0%} expected).",
        )
