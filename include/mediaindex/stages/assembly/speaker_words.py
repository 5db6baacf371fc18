"""Assign words to speakers, in one sorted sweep over words and the diarizer's exclusive spans."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Sequence
from dataclasses import replace

from mediaindex.timeline import SpeakerSpan, Word

FIRST_SPEAKER = "SPEAKER_00"  # of words if the diarizer found no speaker


def assign_speakers(words: Sequence[Word], spans: Sequence[SpeakerSpan], reach: float) -> list[Word]:
    """The words, in the order given, each with a speaker.

    A word belongs to the span that covers most of it; if no span covers it, to the nearest span that is at most
    ``reach`` seconds away, else to the speaker of the previous word. Linear in words and spans together (after
    sorting), because both move forward: words start in order, and exclusive spans do not overlap.
    """
    ordered = sorted(spans, key=lambda span: (span.start, span.end))
    ends = _running_ends(ordered)
    speaker = FIRST_SPEAKER if not ordered else ordered[0].speaker
    assigned = []
    first = 0
    for word in words:
        # Spans that ended out of this word's reach are out of reach of every later word.
        first = bisect.bisect_left(ends, word.start - reach, lo=first)
        speaker = _speaker_of(word, ordered, first, reach) or speaker
        assigned.append(replace(word, speaker=speaker))
    return assigned


def _running_ends(spans: Sequence[SpeakerSpan]) -> list[float]:
    # The latest end so far: sorted even if spans overlap, so that it can be bisected in any case.
    latest, ends = 0.0, []
    for span in spans:
        latest = max(latest, span.end)
        ends.append(latest)
    return ends


def _speaker_of(word: Word, spans: Sequence[SpeakerSpan], first: int, reach: float) -> str | None:
    best: tuple[float, float] = (0.0, -reach)  # seconds covered, then negative distance
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


def snap_to_pauses(words: Sequence[Word], reach: float, worth: float) -> list[Word]:
    """Move each change of speaker to a longer pause nearby, so that no turn begins with another speaker's last word.

    The boundaries of a diarizer are off by one or two tenths of a second, and a word may lie on them. Candidates are
    pauses whose middle is at most ``reach`` seconds from the change, between the previous and the next change. The
    change moves if a candidate is longer than its own pause by more than ``worth`` seconds per second of distance.
    Each run of one speaker keeps at least one word; a ``reach`` of 0 changes nothing.
    """
    speakers = [word.speaker for word in words]
    changes = [index for index in range(1, len(words)) if speakers[index] != speakers[index - 1]]
    before = 0
    for change, after in zip(changes, [*changes[1:], len(words)], strict=False):
        near = _near(words, change, range(before + 1, after), reach)
        place = max(near, key=lambda index: _pause(words, index) - worth * _distance(words, index, change))
        if _pause(words, place) - _pause(words, change) <= worth * _distance(words, place, change):
            place = change
        for index in range(min(change, place), max(change, place)):
            speakers[index] = words[change].speaker if place < change else words[change - 1].speaker
        before = place
    return [
        word if word.speaker == speaker else replace(word, speaker=speaker)
        for word, speaker in zip(words, speakers, strict=True)
    ]


def _near(words: Sequence[Word], change: int, allowed: range, reach: float) -> range:
    """Indices of the words before which the speaker may change instead."""
    first = last = change
    while first > allowed.start and _distance(words, first - 1, change) <= reach:
        first -= 1
    while last + 1 < allowed.stop and _distance(words, last + 1, change) <= reach:
        last += 1
    return range(first, last + 1)


def _distance(words: Sequence[Word], index: int, change: int) -> float:
    """Seconds between the middles of the pauses before two words."""
    first, second = (words[at - 1].end + words[at].start for at in (index, change))
    return abs(first - second) / 2


def _pause(words: Sequence[Word], index: int) -> float:
    """Silence before a word in seconds; negative if it overlaps the previous word."""
    return words[index].start - words[index - 1].end


def smooth_speakers(words: Sequence[Word], most: int) -> list[Word]:
    """Assign islands of at most ``most`` words to the speaker on both sides of them.

    A diarizer that is unsure at a boundary leaves such islands. A listener's real "yes" looks the same and is lost: the
    price of steadier turns. 0 changes nothing.
    """
    runs: list[list[Word]] = []
    for word in words:
        if runs and runs[-1][-1].speaker == word.speaker:
            runs[-1].append(word)
        else:
            runs.append([word])
    smoothed = list(runs[0]) if runs else []
    for run, after in zip(runs[1:], itertools.chain(runs[2:], [[]]), strict=False):  # no run follows the last one
        around = smoothed[-1].speaker
        island = len(run) <= most and bool(after) and after[0].speaker == around
        smoothed += [replace(word, speaker=around) for word in run] if island else run
    return smoothed
