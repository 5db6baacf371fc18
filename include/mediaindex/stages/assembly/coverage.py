"""Coverage: the share of detected speech that is near a word."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mediaindex.timeline import Span, Word, merged


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
