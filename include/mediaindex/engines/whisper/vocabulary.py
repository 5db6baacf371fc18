"""Custom vocabulary for recognisers without frame probabilities: doubtful words that resemble a term become the term.

The method of Whisper, the terms as a prompt ("hotwords"), is not used: measured, it helps if all terms of the list are
spoken, and costs two points of word error rate if the list holds thirty names that are not spoken.
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

# The similarity of letters from which a word may become a term, and the P(word) above which a word is kept. These are
# cautious: on 25 utterances they correct 1 name of 33 and cost 0.1 points of WER with 200 names that are not spoken. P
# up to 0.7 would correct 5 and cost 0.5 points.
RESEMBLANCE = 0.7
DOUBTFUL = 0.5
SHORTEST = 4  # letters: shorter terms resemble too many words
EXTRA_WORDS = 2  # an unknown name is often split

_NOT_LETTERS = re.compile(r"[\W_]+")
# Thai to Burmese, Khmer, Chinese and Japanese: written without spaces; any letter may be timed as a word.
_WITHOUT_SPACES = re.compile("[\u0e00-\u109f\u1780-\u17ff\u3040-\u9fff\U00020000-\U0003ffff]")
# An unknown "ChatGPT" or "YouTube" is recognised as two words; "I phone" may be part of a sentence.
_INNER_CAPITAL = re.compile(r"(?<=\w[^\W\d_A-Z])(?=[A-Z]\w)")
_BEFORE, _AFTER = re.compile(r"\A\W*"), re.compile(r"\W*\Z")  # punctuation around a word


@dataclass(frozen=True, slots=True)
class _Term:
    """A term.

    ``size`` is its number of written words; ``breaks`` holds the number of letters before each place at which it may be
    split into words, and its length: 4 and 7 for "Jean-Luc" and "ChatGPT".
    """

    text: str
    letters: str
    size: int
    breaks: frozenset[int]


@dataclass(frozen=True, slots=True)
class _Place:
    """``term`` in place of the words from ``first`` up to, and not including, ``end``; ``similarity`` in [0, 1]."""

    term: str
    first: int
    end: int
    similarity: float


def respelled(words: Sequence[Word], vocabulary: Sequence[str]) -> tuple[Word, ...]:
    """``words``, with terms written as given if they, or similar words, were recognised; punctuation is kept.

    A word of a term has the lowest confidence of the words it replaces.
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
    apart = "".join(" " if unicodedata.category(char)[0] in "PSZ" else char for char in text)
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
        if all(letters[first:end])  # a term does not contain a lone dash
    ]
    similarities = process.cdist(
        [term.letters for term in terms],
        ["".join(letters[first:end]) for first, end in stretches],
        scorer=Levenshtein.normalized_similarity,
        score_cutoff=RESEMBLANCE,
        dtype=np.float32,
    )
    for row, column in np.argwhere(similarities > 0):
        term, (first, end) = terms[row], stretches[column]
        similarity = float(similarities[row, column])
        doubtful = min(word.confidence for word in words[first:end]) <= DOUBTFUL
        fuzzy = len(term.letters) >= SHORTEST and doubtful and end - first <= term.size + EXTRA_WORDS
        # "as a nurse" contains the letters of Asa, but not the name.
        exact = similarity == 1.0 and _breaks(letters[first:end]) <= term.breaks
        if exact or fuzzy:
            yield _Place(term.text, first, end, similarity)


def _chosen(places: Iterator[_Place]) -> list[_Place]:
    """Places that do not overlap, preferring the most similar, then the longest; in order of time."""
    taken: set[int] = set()
    chosen: list[_Place] = []
    for place in sorted(places, key=lambda place: (-place.similarity, -len(place.term), place.first)):
        if taken.isdisjoint(range(place.first, place.end)):
            taken.update(range(place.first, place.end))
            chosen.append(place)
    return sorted(chosen, key=lambda place: place.first)


def _written(term: str, replaced: Sequence[Word]) -> Iterator[Word]:
    """The words of a term over the time of the replaced words, divided by letters if their numbers differ."""
    texts = term.split()
    texts[0] = "".join(_BEFORE.findall(replaced[0].text)) + texts[0]
    texts[-1] += "".join(_AFTER.findall(replaced[-1].text))
    confidence = min(word.confidence for word in replaced)
    if len(texts) == len(replaced):
        for text, word in zip(texts, replaced, strict=True):
            yield Word(word.start, word.end, text, confidence)
        return
    start, whole, letters = replaced[0].start, replaced[-1].end - replaced[0].start, sum(map(len, texts))
    borders = [start, *(start + whole * count / letters for count in itertools.accumulate(map(len, texts)))]
    for text, (begins, ends) in zip(texts, itertools.pairwise(borders), strict=True):
        yield Word(round_to_ms(begins), max(round_to_ms(ends), round_to_ms(begins) + 0.001), text, confidence)
