"""How much of the speech that was heard ended up near a word."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from mediaindex.timeline import Span, Word


def coverage(speech: Sequence[Span], words: Iterable[Word], reach: float) -> float:
    """Share in [0, 1] of the speech's seconds that lie within ``reach`` seconds of a word; 1.0 without speech.

    Linear: both are in order, and both are walked once.
    """
    merged = list(_merge((span.start, span.end) for span in speech))
    total = sum(end - start for start, end in merged)
    if total <= 0:
        return 1.0
    near = list(_merge((word.start - reach, word.end + reach) for word in words))
    return min(1.0, _shared_seconds(merged, near) / total)


def _merge(stretches: Iterable[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    current: tuple[float, float] | None = None
    for start, end in sorted(stretches):
        if current is None:
            current = (start, end)
        elif start <= current[1]:
            current = (current[0], max(current[1], end))
        else:
            yield current
            current = (start, end)
    if current is not None:
        yield current


def _shared_seconds(ours: Sequence[tuple[float, float]], theirs: Sequence[tuple[float, float]]) -> float:
    shared, i, j = 0.0, 0, 0
    while i < len(ours) and j < len(theirs):
        shared += max(0.0, min(ours[i][1], theirs[j][1]) - max(ours[i][0], theirs[j][0]))
        if ours[i][1] < theirs[j][1]:
            i += 1
        else:
            j += 1
    return shared
