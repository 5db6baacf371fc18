"""Stretches to recognise in one go: cut at pauses, never longer than the models take."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from mediaindex.timeline import Span, seconds

# Finds the best place (s) to cut between two positions (s) of the decoded audio.
FindCut = Callable[[float, float], float]


def plan_chunks(speech: Iterable[Span], max_seconds: float, max_pause: float, find_cut: FindCut) -> list[Span]:
    """Chunks of at most ``max_seconds`` over ``speech`` (spans in order, in seconds of decoded audio).

    Neighbours are joined while they fit and the pause between them is at most ``max_pause``; a span that is longer by
    itself is cut where ``find_cut`` says, in its last third.
    """
    chunks: list[Span] = []
    for span in (piece for one in speech for piece in _cut(one, max_seconds, find_cut)):
        last = chunks[-1] if chunks else None
        if last and span.end - last.start <= max_seconds and span.start - last.end <= max_pause:
            chunks[-1] = Span(last.start, span.end)
        else:
            chunks.append(span)
    return chunks


def _cut(span: Span, max_seconds: float, find_cut: FindCut) -> Iterator[Span]:
    start = span.start
    while span.end - start > max_seconds:
        at = seconds(find_cut(start + max_seconds * 2 / 3, start + max_seconds))
        yield Span(start, at)
        start = at
    yield Span(start, span.end)
