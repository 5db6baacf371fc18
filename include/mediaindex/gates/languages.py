"""In which language each word was written."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from mediaindex.stages.results import Recognition
from mediaindex.timeline import Word


def languages_of(words: Sequence[Word], recognition: Recognition) -> list[str]:
    """The language of the part that holds each word's middle, or of the last part before it."""
    starts = [part.span.start for part in recognition.parts]
    codes = [part.language for part in recognition.parts] or [recognition.language]
    return [codes[max(0, bisect_right(starts, (word.start + word.end) / 2) - 1)] for word in words]
