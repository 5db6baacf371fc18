"""What recognition itself doubts, as reasons for a person to look, with the places."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mediaindex.contract.results import Doubt
from mediaindex.contract.states import DoubtReason, ReasonCode
from mediaindex.stages.triage import reason

SENTENCES = {
    DoubtReason.NO_WORDS: "No words for {seconds:.1f} s of speech",
    DoubtReason.NOBODY_SPEAKS: "Words where nobody speaks, {seconds:.1f} s",
    DoubtReason.TOO_FAST: "Words faster than anybody speaks, {seconds:.1f} s",
    DoubtReason.TOO_SLOW: "Far fewer words than the speech takes, {seconds:.1f} s",
    DoubtReason.LOOP: "The same words again and again, {seconds:.1f} s",
    DoubtReason.LOW_CONFIDENCE: "Words that are guesses, {seconds:.1f} s",
}
PLACES = 5  # named in a reason; the rest is counted


@dataclass(frozen=True, slots=True)
class DoubtRules:
    """How much doubt is too much: one stretch of ``seconds``, or ``share`` of the speech from ``share_from`` s on."""

    seconds: float
    share: float
    share_from: float


def about_doubts(doubts: Sequence[Doubt], speech_seconds: float, rules: DoubtRules) -> Iterator[str]:
    """A reason for each kind of doubt: all of its places where there is much of it, else only its long stretches."""
    for doubted, sentence in SENTENCES.items():
        mine = [doubt for doubt in doubts if doubt.reason == doubted]
        total = sum(doubt.span.duration for doubt in mine)
        much = total >= rules.share_from and total > rules.share * speech_seconds
        told = [doubt for doubt in mine if much or doubt.span.duration >= rules.seconds]
        if told:
            amount = sum(doubt.span.duration for doubt in told)
            yield reason(ReasonCode.of_doubt(doubted), f"{sentence.format(seconds=amount)} at {_places(told)}.")


def _places(doubts: Sequence[Doubt]) -> str:
    named = ", ".join(_clock(doubt.span.start) for doubt in doubts[:PLACES])
    more = len(doubts) - PLACES
    return f"{named} and {more} more" if more > 0 else named


def _clock(at: float) -> str:
    hours, rest = divmod(int(at), 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}"
