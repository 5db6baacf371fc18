"""Doubts of recognition as reasons for a review, with their times."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from mediaindex.contract.results import Doubt
from mediaindex.contract.states import DoubtReason, ReasonCode
from mediaindex.stages.triage import reason
from mediaindex.timeline import Span, Word, merged

SENTENCES = {
    DoubtReason.NO_WORDS: "No words for {seconds:.1f} s of speech",
    DoubtReason.NOBODY_SPEAKS: "Words without detected speech, {seconds:.1f} s",
    DoubtReason.TOO_FAST: "Words faster than people speak, {seconds:.1f} s",
    DoubtReason.TOO_SLOW: "Far fewer words than expected for the speech, {seconds:.1f} s",
    DoubtReason.LOOP: "The same words repeated, {seconds:.1f} s",
    DoubtReason.LOW_CONFIDENCE: "Words that are probably wrong, {seconds:.1f} s",
}
PLACES = 5  # times that a reason lists; the rest is counted


@dataclass(frozen=True, slots=True)
class DoubtRules:
    """Limits of doubt: ``seconds`` in one place, or ``share`` of the speech if that is at least ``share_from`` s."""

    seconds: float
    share: float
    share_from: float


def about_doubts(doubts: Sequence[Doubt], speech_seconds: float, rules: DoubtRules) -> Iterator[str]:
    """A reason per kind of doubt: lists all places if their total exceeds the limit, else only the long ones."""
    for kind, sentence in SENTENCES.items():
        of_kind = [doubt for doubt in doubts if doubt.reason == kind]
        total = sum(doubt.span.duration for doubt in of_kind)
        much = total >= rules.share_from and total > rules.share * speech_seconds
        reported = [doubt for doubt in of_kind if much or doubt.span.duration >= rules.seconds]
        if reported:
            amount = sum(doubt.span.duration for doubt in reported)
            yield reason(ReasonCode.of_doubt(kind), f"{sentence.format(seconds=amount)} at {_places(reported)}.")


def _places(doubts: Sequence[Doubt]) -> str:
    named = ", ".join(_clock(doubt.span.start) for doubt in doubts[:PLACES])
    more = len(doubts) - PLACES
    return f"{named} and {more} more" if more > 0 else named


def _clock(at: float) -> str:
    hours, rest = divmod(int(at), 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}"


def coverage(speech: Sequence[Span], words: Iterable[Word], reach: float) -> float:
    """Share in [0, 1] of the seconds of speech within ``reach`` seconds of a word; 1.0 without speech.

    Linear in time: speech and words are sorted, and each is traversed once.
    """
    spoken = merged(speech)
    total = sum(span.duration for span in spoken)
    if total <= 0:
        return 1.0
    near = merged(Span(max(0.0, word.start - reach), word.end + reach) for word in words)
    return min(1.0, _shared_seconds(spoken, near) / total)


def _shared_seconds(first: Sequence[Span], second: Sequence[Span]) -> float:
    shared, i, j = 0.0, 0, 0
    while i < len(first) and j < len(second):
        shared += first[i].overlap(second[j])
        if first[i].end < second[j].end:
            i += 1
        else:
            j += 1
    return shared
