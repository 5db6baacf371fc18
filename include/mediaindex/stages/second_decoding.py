"""Decode doubtful parts with a second recogniser and keep the better result."""

from __future__ import annotations

import difflib
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from mediaindex.contract.results import Doubt
from mediaindex.contract.states import DoubtReason
from mediaindex.errors import ModelMissingError
from mediaindex.printable import logger
from mediaindex.timeline import Span, Word, merged

from .chunk_words import Chunk, ChunkDecoder, DecodedChunk
from .doubts import Bounds, doubtful_seconds, find_doubts, plain
from .protocols import Recogniser

log = logger(__name__)

CONTEXT = 1.0  # s around a doubt: speech that it touches is decoded whole, because recognisers guess without context
# Share of the doubtful seconds that a second decoding may leave; if it leaves more, it is not worth the seam.
FIXED = 0.5
ALIKE = 0.5  # share of equal words from which two recognisers agree, so that the words are not doubtful any more
NEARBY = 2.0  # s: recognisers place the same word differently

FindNext = Callable[[DecodedChunk], Recogniser | None]


@dataclass(frozen=True, slots=True)
class ExaminedChunk:
    """A decoded chunk with its speech and its doubts. ``stretches``: the doubtful time, in order, without overlap."""

    first: DecodedChunk
    speech: tuple[Span, ...]
    stretches: tuple[Span, ...]
    doubts: tuple[Doubt, ...]


@dataclass(frozen=True, slots=True)
class ResolvedChunk:
    """The result of both decodings: pieces in order, the spans decoded twice, and the remaining doubts."""

    pieces: tuple[DecodedChunk, ...]
    again: tuple[Span, ...]
    doubts: tuple[Doubt, ...]


def examine(chunk: DecodedChunk, speech: Sequence[Span], bounds: Bounds) -> ExaminedChunk:
    """Find the doubts of a chunk; a chunk that failed is doubtful as a whole."""
    inside = tuple(_clipped(speech, chunk.span))
    doubts = tuple(find_doubts(tuple(chunk.words), inside, bounds, may_loop=chunk.may_loop))
    if chunk.failure:
        doubts = (Doubt(chunk.span, DoubtReason.NO_WORDS),)
    return ExaminedChunk(chunk, inside, tuple(_stretches(doubts, chunk)), doubts)


def decode_again(
    chunks: Sequence[ExaminedChunk], decoder: ChunkDecoder, bounds: Bounds, find_next: FindNext
) -> list[ResolvedChunk]:
    """The resolved chunks, in order; chunks without doubts or without a second recogniser are unchanged."""
    second: dict[int, list[DecodedChunk]] = {}
    choices = [(index, find_next(chunk.first)) for index, chunk in enumerate(chunks) if chunk.stretches]
    by_name = {recogniser.name: recogniser for _, recogniser in choices if recogniser}
    for name, recogniser in by_name.items():
        indices = [index for index, chosen in choices if chosen and chosen.name == name]
        regions = [(index, region) for index in indices for region in _regions(chunks[index])]
        try:
            decoded = decoder.decode([region for _, region in regions], recogniser)
            for (index, _), result in zip(regions, decoded, strict=True):
                second.setdefault(index, []).append(result)
        except ModelMissingError as error:
            log.warning("no second decoding by %s: %s", name, error.message)
    return [_resolved(chunk, second.get(index, []), bounds) for index, chunk in enumerate(chunks)]


def _regions(chunk: ExaminedChunk) -> Iterator[Chunk]:
    """Speech around each doubt, from pause to pause, inside its chunk."""
    regions: list[Span] = []
    for stretch in chunk.stretches:
        low, high = stretch.start - CONTEXT, stretch.end + CONTEXT
        near = [span for span in chunk.speech if span.start < high and span.end > low]
        start = min([stretch.start, *(span.start for span in near)])
        end = max([stretch.end, *(span.end for span in near)])
        if regions and start <= regions[-1].end:
            regions[-1] = Span(regions[-1].start, max(end, regions[-1].end))
        else:
            regions.append(Span(start, end))
    return (Chunk(region, chunk.first.language) for region in regions)


def _resolved(chunk: ExaminedChunk, second: Sequence[DecodedChunk], bounds: Bounds) -> ResolvedChunk:
    first = chunk.first
    decoded = [result for result in second if result.failure is None]
    if not decoded:
        return ResolvedChunk((first,), (), chunk.doubts)
    pieces: list[DecodedChunk] = []
    remaining: list[Doubt] = []
    words, begin = list(first.words), first.span.start
    second_words = [word for result in decoded for word in result.words]
    for stretch in chunk.stretches:
        theirs, ours = _within(second_words, stretch), _within(words, stretch)
        after = find_doubts(theirs, list(_clipped(chunk.speech, stretch)), bounds, may_loop=decoded[0].may_loop)
        taken, doubts = _choose(ours, theirs, second_words, stretch, chunk, after)
        remaining += doubts
        if not taken:
            continue
        kept = [word for word in words if word.middle < stretch.start]
        pieces += _piece(first, begin, stretch.start, kept)
        theirs = _without_seams(theirs, words, stretch)
        pieces.append(DecodedChunk(stretch, first.language, decoded[0].recogniser, tuple(theirs)))
        words = [word for word in words if word.middle >= stretch.end]
        begin = stretch.end
    pieces += _piece(first, begin, first.span.end, words) if pieces else [first]
    return ResolvedChunk(tuple(pieces), tuple(result.span for result in decoded), tuple(remaining))


def _piece(first: DecodedChunk, start: float, end: float, words: Sequence[Word]) -> list[DecodedChunk]:
    return [DecodedChunk(Span(start, end), first.language, first.recogniser, tuple(words))] if start < end else []


def _choose(
    first: Sequence[Word],
    second: Sequence[Word],
    all_second: Sequence[Word],
    stretch: Span,
    chunk: ExaminedChunk,
    after: list[Doubt],
) -> tuple[bool, list[Doubt]]:
    """Whether the second recogniser's words are taken, and the remaining doubts. The first recogniser wins a tie.

    ``after``: the doubts about the second recogniser's words.
    """
    before = [doubt for doubt in chunk.doubts if stretch.overlap(doubt.span) > 0]
    if all(doubt.reason == DoubtReason.NOBODY_SPEAKS for doubt in before):
        # Without confirmation it is two against one: neither detector nor second recogniser support these words.
        return (False, []) if _confirmed(first, all_second) else (True, [])
    if first and not second:
        return False, before
    uncertain = any(doubt.reason == DoubtReason.LOW_CONFIDENCE for doubt in before)
    better = not uncertain or _wrong(second) <= FIXED * _wrong(first)
    if better and doubtful_seconds(after, stretch) <= FIXED * doubtful_seconds(before, stretch):
        return True, after
    return (False, []) if first and _alike(first, second) else (False, before)


def _confirmed(first: Sequence[Word], second: Sequence[Word]) -> bool:
    """Whether the second recogniser wrote most of these words at about the same time."""
    confirmed = sum(
        any(plain(word.text) == plain(other.text) and abs(word.start - other.start) <= NEARBY for other in second)
        for word in first
    )
    return confirmed >= ALIKE * len(first)


def _wrong(words: Sequence[Word]) -> float:
    """Estimated share of wrong words, from their confidence."""
    return 1 - sum(word.confidence for word in words) / max(1, len(words))


def _alike(first: Sequence[Word], second: Sequence[Word]) -> bool:
    a, b = ([plain(word.text) for word in words] for words in (first, second))
    return difflib.SequenceMatcher(None, a, b, autojunk=False).ratio() >= ALIKE


def _without_seams(second: Sequence[Word], first: Sequence[Word], stretch: Span) -> list[Word]:
    """The second recogniser's words, without a word at an edge that the first one has on the other side of it."""
    words = list(second)
    before = [word for word in first if word.middle < stretch.start][-1:]
    after = [word for word in first if word.middle >= stretch.end][:1]
    if words and before and _same(before[0], words[0]):
        del words[0]
    if words and after and _same(words[-1], after[0]):
        del words[-1]
    return words


def _same(before: Word, after: Word) -> bool:
    return plain(before.text) == plain(after.text) and after.start - before.end < CONTEXT / 2


def _stretches(doubts: Sequence[Doubt], chunk: DecodedChunk) -> Iterator[Span]:
    """The doubts merged into stretches without overlap, each extended halfway to the words around it."""
    spans = merged(doubt.span for doubt in doubts)
    edges = [chunk.span.start, *(edge for span in spans for edge in (span.start, span.end)), chunk.span.end]
    for index, span in enumerate(spans):
        low, high = edges[2 * index], edges[2 * index + 3]
        before = max((word.end for word in chunk.words if low <= word.middle < span.start), default=low)
        after = min((word.start for word in chunk.words if span.end <= word.middle < high), default=high)
        yield Span(min(span.start, (before + span.start) / 2), max(span.end, (span.end + after) / 2))


def _within(words: Sequence[Word], span: Span) -> list[Word]:
    return [word for word in words if span.start <= word.middle < span.end]


def _clipped(spans: Sequence[Span], within: Span) -> Iterator[Span]:
    """The parts of the spans inside ``within``; the spans are in order and do not overlap."""
    for index in range(bisect_right(spans, within.start, key=lambda span: span.end), len(spans)):
        clipped = spans[index].clipped(within)
        if clipped is None:
            return
        yield clipped
