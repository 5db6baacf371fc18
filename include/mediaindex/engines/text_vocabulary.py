"""Custom vocabulary for recognisers that show no frames: doubtful words that look like a term become the term.

Whisper's own way, the terms as a prompt ("hotwords"), was measured and left: it helps where the list holds what is said
and nothing else, and costs two points of word error rate where it holds thirty names that are not.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from mediaindex.timeline import Word, seconds

# Letters in common, and P(word) above which a word is left alone. On the careful side: on 25 utterances it wins 1 name
# of 33 and costs 0.1 points of WER with 200 names that nobody said; P up to 0.7 would win 5, and cost 0.5 points there.
RESEMBLANCE = 0.7
DOUBTFUL = 0.5
SHORTEST = 4  # letters: shorter terms look like too many words
EXTRA_WORDS = 2  # an unknown name often falls apart

_NOT_LETTERS = re.compile(r"[\W_]+")
_BEFORE, _AFTER = re.compile(r"\A\W*"), re.compile(r"\W*\Z")  # punctuation around a word


@dataclass(frozen=True, slots=True)
class _Place:
    """``term`` for the words ``first`` up to ``end`` (not included)."""

    term: str
    first: int
    end: int
    alike: float


def respelled(words: Sequence[Word], vocabulary: Sequence[str]) -> tuple[Word, ...]:
    """``words`` with the terms written as they are given, where they were heard or nearly so; punctuation is kept.

    A word that comes from a term has the least confidence of those whose place it takes.
    """
    result: list[Word] = []
    behind = 0
    for place in _chosen(_places(words, vocabulary)):
        result += words[behind : place.first]
        result += _written(place.term, words[place.first : place.end])
        behind = place.end
    return (*result, *words[behind:])


def _letters(text: str) -> str:
    return _NOT_LETTERS.sub("", text.casefold())


def _places(words: Sequence[Word], vocabulary: Sequence[str]) -> Iterator[_Place]:
    terms = [(term, _letters(term), len(term.split())) for term in vocabulary if _letters(term)]
    if not terms or not words:
        return
    longest = max(size for _, _, size in terms) + EXTRA_WORDS
    stretches = [(a, b) for a in range(len(words)) for b in range(a + 1, min(a + longest, len(words)) + 1)]
    letters = [_letters(word.text) for word in words]
    alike = process.cdist(
        [wanted for _, wanted, _ in terms],
        ["".join(letters[first:end]) for first, end in stretches],
        scorer=Levenshtein.normalized_similarity,
        score_cutoff=RESEMBLANCE,
        dtype=np.float32,
    )
    for row, column in np.argwhere(alike > 0):
        (term, wanted, size), (first, end) = terms[row], stretches[column]
        likeness = float(alike[row, column])
        doubtful = min(word.confidence for word in words[first:end]) <= DOUBTFUL
        fuzzy = len(wanted) >= SHORTEST and doubtful and end - first <= size + EXTRA_WORDS
        if likeness == 1.0 or fuzzy:
            yield _Place(term, first, end, likeness)


def _chosen(places: Iterator[_Place]) -> list[_Place]:
    """Places that do not overlap, the most alike first served, of equals the longest; in order of time."""
    taken: set[int] = set()
    chosen: list[_Place] = []
    for place in sorted(places, key=lambda place: (-place.alike, -len(place.term), place.first)):
        if taken.isdisjoint(range(place.first, place.end)):
            taken.update(range(place.first, place.end))
            chosen.append(place)
    return sorted(chosen, key=lambda place: place.first)


def _written(term: str, heard: Sequence[Word]) -> Iterator[Word]:
    """The words of a term over the time of those heard, shared out by letters where their numbers differ."""
    texts = term.split()
    texts[0] = "".join(_BEFORE.findall(heard[0].text)) + texts[0]
    texts[-1] += "".join(_AFTER.findall(heard[-1].text))
    confidence = min(word.confidence for word in heard)
    if len(texts) == len(heard):
        for text, word in zip(texts, heard, strict=True):
            yield Word(word.start, word.end, text, confidence)
        return
    start, whole, letters = heard[0].start, heard[-1].end - heard[0].start, sum(map(len, texts))
    marks = [start, *(start + whole * count / letters for count in itertools.accumulate(map(len, texts)))]
    for text, (begins, ends) in zip(texts, itertools.pairwise(marks), strict=True):
        yield Word(seconds(begins), max(seconds(ends), seconds(begins) + 0.001), text, confidence)
