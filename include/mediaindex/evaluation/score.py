"""Score a recording against its reference."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mediaindex.contract.results import NormalizedAudio
from mediaindex.timeline import SpeakerSpan, Transcript, Word

from .references import Reference
from .report import FileScore, ScoringRules
from .verdicts import judged, tokens_of
from .word_errors import (
    Normaliser,
    Tally,
    base,
    character_errors,
    equal_pairs,
    normaliser_for,
    speaker_word_errors,
    word_errors,
)

LENGTHS = ((10, "under 10 s"), (60, "10 s to 1 min"), (600, "1 to 10 min"), (3600, "10 min to 1 h"))
LONGEST = "over 1 h"
TELEPHONE = 8_000  # Hz


@dataclass(frozen=True, slots=True)
class Result:
    """The results of the pipeline for a recording; None, or an empty language, if a stage was not reached."""

    name: str
    status: str
    detail: str
    normalized: NormalizedAudio | None
    speakers: tuple[SpeakerSpan, ...] | None
    language: str
    transcript: Transcript | None
    wall_s: float | None
    peak_mb: float


def score(result: Result, reference: Reference, rules: ScoringRules, channel: str | None = None) -> FileScore:
    """All scores that the references allow. A missing result counts as an error, not as nothing to judge."""
    lang = base(reference.lang or result.language or "und")
    normalise = normaliser_for(lang if lang != "und" else None)
    words = list(result.transcript.words) if result.transcript else []
    recognised = " ".join(word.text for word in words)
    audio_s = result.normalized.duration if result.normalized else 0.0
    right, wrong = _confidences(reference, words, normalise)
    tallies = dict(_texts(reference, recognised, normalise)) | dict(_timed(reference, words, result, normalise))
    tallies |= dict(_speech(reference, result, rules, audio_s))
    if result.wall_s is not None and audio_s:
        tallies["rtf"] = Tally(part=result.wall_s, whole=audio_s)
    return FileScore(
        id=result.name,
        lang=lang,
        channel=channel or channel_of(result.normalized),
        length=length_of(audio_s) if result.normalized else "unknown",
        status=result.status,
        detail=result.detail,
        audio_s=audio_s,
        wall_s=result.wall_s,
        peak_mb=result.peak_mb,
        tallies=tallies,
        right=right,
        wrong=wrong,
        said=recognised,
        recogniser=result.transcript.recogniser if words and result.transcript else "",
    )


def length_of(audio_s: float) -> str:
    """The bucket for a duration in seconds."""
    return next((name for limit, name in LENGTHS if audio_s < limit), LONGEST)


def channel_of(normalized: NormalizedAudio | None) -> str:
    """The bucket for the format of a recording: telephone or wide band, and number of channels."""
    if normalized is None:
        return "unknown"
    band = "telephone" if normalized.source_sample_rate <= TELEPHONE else "wide band"
    channels = {1: "mono", 2: "stereo"}.get(normalized.source_channels, f"{normalized.source_channels} channels")
    return f"{band}, {channels}"


def _texts(reference: Reference, recognised: str, normalise: Normaliser) -> Iterator[tuple[str, Tally]]:
    if reference.text is not None:
        expected, actual = normalise(reference.text), normalise(recognised)
        yield "wer", word_errors(expected, actual)
        yield "cer", character_errors(expected, actual)


def _speech(reference: Reference, result: Result, rules: ScoringRules, audio_s: float) -> Iterator[tuple[str, Tally]]:
    if reference.lang:
        yield "language", Tally(part=float(base(result.language) == base(reference.lang)), whole=1)
    if reference.speakers is None:
        return
    from . import diarization_metrics

    hypothesis = result.speakers or ()
    until = max([audio_s, *(span.end for span in reference.speakers)])
    if until:
        measures = {"der": diarization_metrics.diarization_error, "jer": diarization_metrics.jaccard_error}
        for name, measure in measures.items():
            part, whole = measure(reference.speakers, hypothesis, until, collar=rules.collar, overlap=rules.overlap)
            yield name, Tally(part=part, whole=whole)


def _timed(
    reference: Reference, words: list[Word], result: Result, normalise: Normaliser
) -> Iterator[tuple[str, Tally]]:
    if reference.words is None:
        return
    expected, actual = list(tokens_of(reference.words, normalise)), list(tokens_of(words, normalise))
    pairs = equal_pairs([token for token, _ in expected], [token for token, _ in actual])
    both = [(expected[at][1], actual[other][1]) for at, other in pairs]
    yield "word_start", Tally(part=sum(abs(a.start - b.start) for a, b in both), whole=len(both))
    yield "word_end", Tally(part=sum(abs(a.end - b.end) for a, b in both), whole=len(both))
    turns = result.transcript.turns if result.transcript else ()
    spoken = ((turn.speaker, word.text) for turn in turns for word in turn.words)
    expected_texts = _by_speaker(((word.speaker, word.text) for word in reference.words), normalise)
    yield "cpwer", speaker_word_errors(expected_texts, _by_speaker(spoken, normalise))


def _by_speaker(words: Iterable[tuple[str, str]], normalise: Normaliser) -> dict[str, list[str]]:
    texts: dict[str, list[str]] = defaultdict(list)
    for speaker, text in words:
        texts[speaker].append(text)
    return {speaker: normalise(" ".join(spoken)).split() for speaker, spoken in texts.items()}


def _confidences(
    reference: Reference, words: list[Word], normalise: Normaliser
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Confidences of right words and of wrong words."""
    if reference.text is None:
        return (), ()
    verdicts = judged(reference.text, words, normalise)
    right = tuple(word.confidence for word, is_right in verdicts if is_right)
    return right, tuple(word.confidence for word, is_right in verdicts if not is_right)
