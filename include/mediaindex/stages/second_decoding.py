"""What is doubtful is heard by a second recogniser, and the better of both is kept."""

from __future__ import annotations

import difflib
import logging
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from mediaindex.contract.results import Doubt
from mediaindex.contract.states import DoubtReason
from mediaindex.errors import ModelMissingError
from mediaindex.timeline import Span, Word, merged

from .chunk_words import Desk, Task, Written
from .doubts import Bounds, doubtful_seconds, find_doubts, plain
from .protocols import Recogniser

log = logging.getLogger(__name__)

CONTEXT = 1.0  # s around a doubt: the sentences that it touches are heard whole, as recognisers guess without context
FIXED = (
    0.5  # of the doubtful seconds: what a second decoding may leave of them, or changing hands is not worth the seam
)
ALIKE = 0.5  # of the words: two recognisers that agree so far heard the same, however odd it is
NEARBY = 2.0  # s: recognisers place the same word differently

FindNext = Callable[[Written], Recogniser | None]


@dataclass(frozen=True, slots=True)
class Heard:
    """A chunk with the speech in it, and what is doubtful: stretches without overlap, in order."""

    written: Written
    speech: tuple[Span, ...]
    stretches: tuple[Span, ...]
    doubts: tuple[Doubt, ...]


@dataclass(frozen=True, slots=True)
class Settled:
    """A chunk after all: pieces in order, what was decoded twice, and what is still doubtful."""

    pieces: tuple[Written, ...]
    again: tuple[Span, ...]
    doubts: tuple[Doubt, ...]


def listen(written: Written, speech: Sequence[Span], bounds: Bounds) -> Heard:
    """The doubts of one chunk; a chunk that failed is doubtful as a whole."""
    inside = tuple(_clipped(speech, written.span))
    doubts = tuple(find_doubts(tuple(written.words), inside, bounds))
    if written.failure:
        doubts = (Doubt(written.span, DoubtReason.NO_WORDS),)
    return Heard(written, inside, tuple(_apart(doubts, written)), doubts)


def decode_again(heard: Sequence[Heard], desk: Desk, bounds: Bounds, find_next: FindNext) -> list[Settled]:
    """Every chunk settled, in order; chunks without doubt, or without a second recogniser, stand as they are."""
    seconds: dict[int, list[Written]] = {}
    asked = [(index, find_next(one.written)) for index, one in enumerate(heard) if one.stretches]
    by_name = {recogniser.name: recogniser for _, recogniser in asked if recogniser}
    for name, recogniser in by_name.items():
        mine = [index for index, other in asked if other and other.name == name]
        tasks = [(index, task) for index in mine for task in _tasks(heard[index])]
        try:
            for (index, _), written in zip(tasks, desk.write([task for _, task in tasks], recogniser), strict=True):
                seconds.setdefault(index, []).append(written)
        except ModelMissingError as error:
            log.warning("no second decoding by %s: %s", name, error.message)
    return [_settled(one, seconds.get(index, []), bounds) for index, one in enumerate(heard)]


def _tasks(heard: Heard) -> Iterator[Task]:
    """Speech around each doubt, from pause to pause, inside its chunk."""
    regions: list[Span] = []
    for stretch in heard.stretches:
        near = [one for one in heard.speech if one.start < stretch.end + CONTEXT and one.end > stretch.start - CONTEXT]
        start = min([stretch.start, *(one.start for one in near)])
        end = max([stretch.end, *(one.end for one in near)])
        if regions and start <= regions[-1].end:
            regions[-1] = Span(regions[-1].start, max(end, regions[-1].end))
        else:
            regions.append(Span(start, end))
    return (Task(region, heard.written.language) for region in regions)


def _settled(heard: Heard, seconds: Sequence[Written], bounds: Bounds) -> Settled:
    first = heard.written
    decoded = [one for one in seconds if one.failure is None]
    if not decoded:
        return Settled((first,), (), heard.doubts)
    pieces: list[Written] = []
    left: list[Doubt] = []
    words, begin = list(first.words), first.span.start
    other = [word for one in decoded for word in one.words]
    for stretch in heard.stretches:
        theirs, ours = _within(other, stretch), _within(words, stretch)
        taken, doubts = _choose(ours, theirs, other, stretch, heard, bounds)
        left += doubts
        if not taken:
            continue
        kept = [word for word in words if word.middle < stretch.start]
        pieces += _piece(first, begin, stretch.start, kept)
        theirs = _without_seams(theirs, words, stretch)
        pieces.append(Written(stretch, first.language, decoded[0].recogniser, tuple(theirs)))
        words = [word for word in words if word.middle >= stretch.end]
        begin = stretch.end
    pieces += _piece(first, begin, first.span.end, words) if pieces else [first]
    return Settled(tuple(pieces), tuple(one.span for one in decoded), tuple(left))


def _piece(first: Written, start: float, end: float, words: Sequence[Word]) -> list[Written]:
    return [Written(Span(start, end), first.language, first.recogniser, tuple(words))] if start < end else []


def _choose(
    ours: Sequence[Word], theirs: Sequence[Word], other: Sequence[Word], stretch: Span, heard: Heard, bounds: Bounds
) -> tuple[bool, list[Doubt]]:
    """Whether the second recogniser's words are taken, and which doubts are left. Whoever was first wins a draw."""
    mine = [doubt for doubt in heard.doubts if stretch.overlap(doubt.span) > 0]
    if all(doubt.reason == DoubtReason.NOBODY_SPEAKS for doubt in mine):
        # Two against one: the detector heard nobody, and the second recogniser does not write these words either.
        return (False, []) if _confirmed(ours, other) else (True, [])
    if ours and not theirs:
        return False, mine
    doubts = find_doubts(theirs, list(_clipped(heard.speech, stretch)), bounds)
    guessed = any(doubt.reason == DoubtReason.LOW_CONFIDENCE for doubt in mine)
    surer = not guessed or _wrong(theirs) <= FIXED * _wrong(ours)
    if surer and doubtful_seconds(doubts, stretch) <= FIXED * doubtful_seconds(mine, stretch):
        return True, doubts
    return (False, []) if ours and _alike(ours, theirs) else (False, mine)


def _confirmed(ours: Sequence[Word], other: Sequence[Word]) -> bool:
    """Whether somebody else wrote most of these words about there."""
    found = sum(
        any(plain(word.text) == plain(one.text) and abs(word.start - one.start) <= NEARBY for one in other)
        for word in ours
    )
    return found >= ALIKE * len(ours)


def _wrong(words: Sequence[Word]) -> float:
    """Share of the words that are wrong, as their confidence has it."""
    return 1 - sum(word.confidence for word in words) / max(1, len(words))


def _alike(ours: Sequence[Word], theirs: Sequence[Word]) -> bool:
    a, b = ([plain(word.text) for word in words] for words in (ours, theirs))
    return difflib.SequenceMatcher(None, a, b, autojunk=False).ratio() >= ALIKE


def _without_seams(theirs: Sequence[Word], ours: Sequence[Word], stretch: Span) -> list[Word]:
    """Their words but for one at each edge that ours has on the other side of it."""
    words = list(theirs)
    before = [word for word in ours if word.middle < stretch.start][-1:]
    after = [word for word in ours if word.middle >= stretch.end][:1]
    if words and before and _same(before[0], words[0]):
        del words[0]
    if words and after and _same(words[-1], after[0]):
        del words[-1]
    return words


def _same(one: Word, other: Word) -> bool:
    return plain(one.text) == plain(other.text) and other.start - one.end < CONTEXT / 2


def _apart(doubts: Sequence[Doubt], written: Written) -> Iterator[Span]:
    """The doubts as stretches that do not meet, each reaching halfway to the words around it."""
    spans = merged(doubt.span for doubt in doubts)
    edges = [written.span.start, *(edge for span in spans for edge in (span.start, span.end)), written.span.end]
    for index, span in enumerate(spans):
        low, high = edges[2 * index], edges[2 * index + 3]
        before = max((word.end for word in written.words if low <= word.middle < span.start), default=low)
        after = min((word.start for word in written.words if span.end <= word.middle < high), default=high)
        yield Span(min(span.start, (before + span.start) / 2), max(span.end, (span.end + after) / 2))


def _within(words: Sequence[Word], span: Span) -> list[Word]:
    return [word for word in words if span.start <= word.middle < span.end]


def _clipped(spans: Sequence[Span], within: Span) -> Iterator[Span]:
    """Of spans in order, without overlap."""
    for index in range(bisect_right(spans, within.start, key=lambda one: one.end), len(spans)):
        clipped = spans[index].clipped(within)
        if clipped is None:
            return
        yield clipped
