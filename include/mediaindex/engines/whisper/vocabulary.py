"""Custom vocabulary for recognisers that show no frames: doubtful words that look like a term become the term.

Whisper's own way, the terms as a prompt ("hotwords"), was measured and left: it helps where the list holds what is said
and nothing else, and costs two points of word error rate where it holds thirty names that are not.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from mediaindex.timeline import Word, round_to_ms

# Letters in common, and P(word) above which a word is left alone. On the careful side: on 25 utterances it wins 1 name
# of 33 and costs 0.1 points of WER with 200 names that nobody said; P up to 0.7 would win 5, and cost 0.5 points there.
RESEMBLANCE = 0.7
DOUBTFUL = 0.5
SHORTEST = 4  # letters: shorter terms look like too many words
EXTRA_WORDS = 2  # an unknown name often falls apart

_NOT_LETTERS = re.compile(r"[\W_]+")
# Thai to Burmese, Khmer, Chinese and Japanese: written without spaces, and any letter may be timed as a word.
_WITHOUT_SPACES = re.compile("[\u0e00-\u109f\u1780-\u17ff\u3040-\u9fff\U00020000-\U0003ffff]")
# "ChatGPT" and "YouTube" are two words to who has never seen them; "I phone" may be a sentence.
_INNER_CAPITAL = re.compile(r"(?<=\w[^\W\d_A-Z])(?=[A-Z]\w)")
_BEFORE, _AFTER = re.compile(r"\A\W*"), re.compile(r"\W*\Z")  # punctuation around a word


@dataclass(frozen=True, slots=True)
class _Term:
    """``size``: written words. ``breaks``: letters up to each place where words may part: "Jean-Luc" and
    "ChatGPT" have 4 and 7."""

    text: str
    letters: str
    size: int
    breaks: frozenset[int]


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


def _term(text: str) -> _Term:
    apart = "".join(" " if unicodedata.category(one)[0] in "PSZ" else one for one in text)
    parts = [_letters(part) for part in _WITHOUT_SPACES.sub(r" \g<0> ", _INNER_CAPITAL.sub(" ", apart)).split()]
    return _Term(text, "".join(parts), len(text.split()), _breaks(parts))


def _breaks(parts: Sequence[str]) -> frozenset[int]:
    return frozenset(itertools.accumulate(map(len, parts)))


def _places(words: Sequence[Word], vocabulary: Sequence[str]) -> Iterator[_Place]:
    terms = [_term(text) for text in vocabulary if _letters(text)]
    if not terms or not words:
        return
    longest = max(max(term.size + EXTRA_WORDS, len(term.breaks)) for term in terms)
    letters = [_letters(word.text) for word in words]
    stretches = [
        (first, end)
        for first in range(len(words))
        for end in range(first + 1, min(first + longest, len(words)) + 1)
        if all(letters[first:end])  # a dash that stands alone is part of no term
    ]
    alike = process.cdist(
        [term.letters for term in terms],
        ["".join(letters[first:end]) for first, end in stretches],
        scorer=Levenshtein.normalized_similarity,
        score_cutoff=RESEMBLANCE,
        dtype=np.float32,
    )
    for row, column in np.argwhere(alike > 0):
        term, (first, end) = terms[row], stretches[column]
        likeness = float(alike[row, column])
        doubtful = min(word.confidence for word in words[first:end]) <= DOUBTFUL
        fuzzy = len(term.letters) >= SHORTEST and doubtful and end - first <= term.size + EXTRA_WORDS
        # "as a nurse" has the letters of Asa too, and does not name him.
        heard = likeness == 1.0 and _breaks(letters[first:end]) <= term.breaks
        if heard or fuzzy:
            yield _Place(term.text, first, end, likeness)


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
        yield Word(round_to_ms(begins), max(round_to_ms(ends), round_to_ms(begins) + 0.001), text, confidence)
