"""Whose word is it? One sorted sweep over words and the diarizer's exclusive spans."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Sequence
from dataclasses import replace

from mediaindex.timeline import SpeakerSpan, Word

FIRST_SPEAKER = "SPEAKER_00"  # of words before anybody was heard


def assign_speakers(words: Sequence[Word], spans: Sequence[SpeakerSpan], reach: float) -> list[Word]:
    """The words, in the order given, each with a speaker.

    A word belongs to the span that covers most of it; one that no span covers, to the nearest span that is at most
    ``reach`` seconds away, else to the speaker of the word before it. Linear in words and spans together (after
    sorting), because both move forward: words start in order, and exclusive spans do not overlap.
    """
    ordered = sorted(spans, key=lambda span: (span.start, span.end))
    ends = _running_ends(ordered)
    speaker = FIRST_SPEAKER if not ordered else ordered[0].speaker
    assigned = []
    first = 0
    for word in words:
        # Spans that ended before this word's reach are behind every later word too.
        first = bisect.bisect_left(ends, word.start - reach, lo=first)
        speaker = _speaker_of(word, ordered, first, reach) or speaker
        assigned.append(replace(word, speaker=speaker))
    return assigned


def _running_ends(spans: Sequence[SpeakerSpan]) -> list[float]:
    # The latest end so far: sorted even if spans overlap after all, so bisecting it is right in any case.
    latest, ends = 0.0, []
    for span in spans:
        latest = max(latest, span.end)
        ends.append(latest)
    return ends


def _speaker_of(word: Word, spans: Sequence[SpeakerSpan], first: int, reach: float) -> str | None:
    best: tuple[float, float] = (0.0, -reach)  # seconds covered, then nearness
    speaker = None
    for index in range(first, len(spans)):
        span = spans[index]
        if span.start > word.end + reach:
            break
        distance = max(0.0, span.start - word.end, word.start - span.end)
        score = (word.overlap(span), -distance)
        if score > best or (speaker is None and score == best):
            best, speaker = score, span.speaker
    return speaker


def smooth_speakers(words: Sequence[Word], most: int) -> list[Word]:
    """Give islands of at most ``most`` words back to the speaker on both sides of them.

    A diarizer that is unsure at a boundary leaves such islands; a real "yes" of a listener looks the same, so this
    trades those away for steadier turns. 0 changes nothing.
    """
    runs: list[list[Word]] = []
    for word in words:
        if runs and runs[-1][-1].speaker == word.speaker:
            runs[-1].append(word)
        else:
            runs.append([word])
    smoothed = list(runs[0]) if runs else []
    for run, after in zip(runs[1:], itertools.chain(runs[2:], [[]]), strict=False):  # nobody speaks after the last run
        around = smoothed[-1].speaker
        island = len(run) <= most and bool(after) and after[0].speaker == around
        smoothed += [replace(word, speaker=around) for word in run] if island else run
    return smoothed
