"""One recording against its reference."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mediaindex.contract.results import NormalizedAudio
from mediaindex.timeline import SpeakerSpan, Transcript, Word

from .references import Reference
from .report import FileScore, Protocol
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
    """What the pipeline made of a recording; None, or an empty language, where it did not get so far."""

    name: str
    status: str
    detail: str
    normalized: NormalizedAudio | None
    speakers: tuple[SpeakerSpan, ...] | None
    language: str
    transcript: Transcript | None
    wall_s: float | None
    peak_mb: float


def score(result: Result, reference: Reference, protocol: Protocol, channel: str | None = None) -> FileScore:
    """Every figure that the references allow. What did not come out counts as missing, never as nothing to judge."""
    lang = base(reference.lang or result.language or "und")
    normalise = normaliser_for(lang if lang != "und" else None)
    words = list(result.transcript.words) if result.transcript else []
    said = " ".join(word.text for word in words)
    audio_s = result.normalized.duration if result.normalized else 0.0
    right, wrong = _confidences(reference, words, normalise)
    tallies = dict(_texts(reference, said, normalise)) | dict(_timed(reference, words, result, normalise))
    tallies |= dict(_speech(reference, result, protocol, audio_s))
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
        said=said,
        recogniser=result.transcript.recogniser if words and result.transcript else "",
    )


def length_of(audio_s: float) -> str:
    """The bucket of a recording of so many seconds."""
    return next((name for limit, name in LENGTHS if audio_s < limit), LONGEST)


def channel_of(normalized: NormalizedAudio | None) -> str:
    """The bucket of a recording's format: telephone rates or more, and how many channels."""
    if normalized is None:
        return "unknown"
    band = "telephone" if normalized.source_sample_rate <= TELEPHONE else "wide band"
    channels = {1: "mono", 2: "stereo"}.get(normalized.source_channels, f"{normalized.source_channels} channels")
    return f"{band}, {channels}"


def _texts(reference: Reference, said: str, normalise: Normaliser) -> Iterator[tuple[str, Tally]]:
    if reference.text is not None:
        wanted, found = normalise(reference.text), normalise(said)
        yield "wer", word_errors(wanted, found)
        yield "cer", character_errors(wanted, found)


def _speech(reference: Reference, result: Result, protocol: Protocol, audio_s: float) -> Iterator[tuple[str, Tally]]:
    if reference.lang:
        yield "language", Tally(part=float(base(result.language) == base(reference.lang)), whole=1)
    if reference.speakers is None:
        return
    from . import diarization_metrics

    heard = result.speakers or ()
    until = max([audio_s, *(span.end for span in reference.speakers)])
    if until:
        measures = {"der": diarization_metrics.diarization_error, "jer": diarization_metrics.jaccard_error}
        for name, measure in measures.items():
            part, whole = measure(reference.speakers, heard, until, collar=protocol.collar, overlap=protocol.overlap)
            yield name, Tally(part=part, whole=whole)


def _timed(
    reference: Reference, words: list[Word], result: Result, normalise: Normaliser
) -> Iterator[tuple[str, Tally]]:
    if reference.words is None:
        return
    wanted, found = list(tokens_of(reference.words, normalise)), list(tokens_of(words, normalise))
    pairs = equal_pairs([token for token, _ in wanted], [token for token, _ in found])
    both = [(wanted[at][1], found[other][1]) for at, other in pairs]
    yield "word_start", Tally(part=sum(abs(one.start - other.start) for one, other in both), whole=len(both))
    yield "word_end", Tally(part=sum(abs(one.end - other.end) for one, other in both), whole=len(both))
    turns = result.transcript.turns if result.transcript else ()
    spoken = ((turn.speaker, word.text) for turn in turns for word in turn.words)
    wanted_texts = _by_speaker(((word.speaker, word.text) for word in reference.words), normalise)
    yield "cpwer", speaker_word_errors(wanted_texts, _by_speaker(spoken, normalise))


def _by_speaker(words: Iterable[tuple[str, str]], normalise: Normaliser) -> dict[str, list[str]]:
    texts: dict[str, list[str]] = defaultdict(list)
    for speaker, text in words:
        texts[speaker].append(text)
    return {speaker: normalise(" ".join(spoken)).split() for speaker, spoken in texts.items()}


def _confidences(
    reference: Reference, words: list[Word], normalise: Normaliser
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Confidences of words that the alignment finds in the reference, and of the others."""
    if reference.text is None:
        return (), ()
    found = judged(reference.text, words, normalise)
    right = tuple(word.confidence for word, good in found if good)
    return right, tuple(word.confidence for word, good in found if not good)
