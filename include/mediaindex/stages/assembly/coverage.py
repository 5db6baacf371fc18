"""How much of the speech that was heard ended up near a word."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mediaindex.timeline import Span, Word, merged


def coverage(speech: Sequence[Span], words: Iterable[Word], reach: float) -> float:
    """Share in [0, 1] of the speech's seconds that lie within ``reach`` seconds of a word; 1.0 without speech.

    Linear: both are in order, and both are walked once.
    """
    spoken = merged(speech)
    total = sum(span.duration for span in spoken)
    if total <= 0:
        return 1.0
    near = merged(Span(max(0.0, word.start - reach), word.end + reach) for word in words)
    return min(1.0, _shared_seconds(spoken, near) / total)


def _shared_seconds(ours: Sequence[Span], theirs: Sequence[Span]) -> float:
    shared, i, j = 0.0, 0, 0
    while i < len(ours) and j < len(theirs):
        shared += ours[i].overlap(theirs[j])
        if ours[i].end < theirs[j].end:
            i += 1
        else:
            j += 1
    return shared
