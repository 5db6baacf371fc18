"""Summaries of results: few small values for decisions, tables and XCom."""

from __future__ import annotations

from typing import Any

from mediaindex.contract.results import Assessment, Language, NormalizedAudio, Recognition, Speakers, Speech, Topics


def of_normalized(audio: NormalizedAudio) -> dict[str, Any]:
    """Duration, loudness and container."""
    return {
        "duration": audio.duration,
        "file_start": audio.file_start,
        "loudness_lufs": audio.loudness_lufs,
        "container": audio.container,
        "codec": audio.codec,
        "has_video": audio.has_video,
        "title": audio.title,
        "warnings": list(audio.warnings),
    }


def of_speech(speech: Speech) -> dict[str, Any]:
    """Amount and quality of speech."""
    return {
        "speech_seconds": round(speech.speech_seconds, 3),
        "speech_share": round(speech.speech_share, 4),
        "snr_db": None if speech.snr_db is None else round(speech.snr_db, 1),
        "mean_probability": round(speech.mean_probability, 4),
    }


def of_speakers(speakers: Speakers) -> dict[str, Any]:
    """Number of speakers."""
    return {"speakers": speakers.count, "warnings": list(speakers.warnings)}


def of_language(language: Language) -> dict[str, Any]:
    """Language and confidence."""
    return {
        "language": language.language,
        "confidence": round(language.confidence, 4),
        "allowed": round(language.allowed, 4),
    }


def of_recognition(recognition: Recognition) -> dict[str, Any]:
    """Number of words, recogniser and doubtful parts."""
    return {
        "words": len(recognition.words),
        "recogniser": recognition.recogniser,
        "fallback": recognition.fallback,
        "gaps": len(recognition.gaps),
        "languages": sorted({part.language for part in recognition.parts}),
        "doubtful_seconds": round(sum(doubt.span.duration for doubt in recognition.doubts), 3),
        "second_seconds": round(sum(span.duration for span in recognition.second), 3),
    }


def of_assessment(assessment: Assessment) -> dict[str, Any]:
    """Quality of the transcript."""
    turns = assessment.transcript.turns
    return {
        "confidence": None if assessment.confidence is None else round(assessment.confidence, 4),
        "coverage": round(assessment.coverage, 4),
        "needs_review": assessment.needs_review,
        "reasons": list(assessment.reasons),
        "turns": len(turns),
        "words": sum(len(turn.words) for turn in turns),
    }


def of_topics(topics: Topics) -> dict[str, Any]:
    """Number of topics."""
    return {"topics": len(topics.topics)}
