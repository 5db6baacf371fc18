"""Custom vocabulary for CTC models: names and terms are written if the audio supports them.

The method follows CTC-WS (Andrusenko et al., "Fast Context-Biasing for CTC and Transducer ASR models with CTC-based
Word Spotter", 2024): a term replaces the words of greedy decoding if its own path through the same frames is nearly as
probable. CTC-WS follows one spelling of a term in the pieces of the model; here all spellings count. Only stretches of
words whose letters resemble the term are tried, which keeps hundreds of terms cheap.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from mediaindex.printable import logger

from .align import Candidate, Fit, Lattice, fits, lattice, pieces_of
from .decode import DecodedWord, Floats

# A term is written if it is less probable than the greedy words by at most this much (log, per letter of the term).
BONUS = 0.8
# A term is tried on a stretch of words from this similarity of letters (1 - edit distance / longer length).
RESEMBLANCE = 0.5
EXTRA_WORDS = 2  # an unknown name is often split: "zarathustra" into "sara to stra"

_APOSTROPHE = {0x2019: "'", 0xB4: "'", 0x60: "'"}  # curly, acute, grave
_SEPARATORS = re.compile(r"[^\w'&]+")

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Term:
    """One pronunciation of a term.

    ``written`` holds its words as the user wrote them, ``spoken`` as the model would write them, and ``parts`` the
    number of spoken words per written word ("Jean-Luc" has two).
    """

    written: tuple[str, ...]
    spoken: tuple[str, ...]
    parts: tuple[int, ...]
    lattice: Lattice

    @property
    def letters(self) -> str:
        """The letters for comparison: in lower case, without spaces."""
        return "".join(self.spoken).lower()


@dataclass(frozen=True, slots=True)
class _Place:
    """A term in place of the words from ``first`` up to, and not including, ``end``; ``gain`` is its log odds."""

    term: Term
    first: int
    end: int
    gain: float
    fit: Fit | None  # None: these words already are the term


@lru_cache(maxsize=16)
def terms_of(vocabulary: tuple[str, ...], pieces: tuple[str, ...]) -> tuple[Term, ...]:
    """The terms that a model with these pieces (without the blank) can write; others are logged and left out."""
    classes, blank = pieces_of(pieces), len(pieces)
    terms: list[Term] = []
    for text in vocabulary:
        variants = [term for spoken in _spoken(text) if (term := _term(text, spoken, classes, blank))]
        if not variants:
            log.warning("vocabulary: %r is left out: it has letters that the model cannot write", text)
        terms += variants
    return tuple(terms)


def respelled(
    log_probs: Floats, words: Sequence[DecodedWord], certainty: Floats, terms: Sequence[Term]
) -> list[DecodedWord]:
    """The ``words`` of a chunk, with spoken terms written as the user writes them.

    ``log_probs`` has shape (frames, classes), blank last; ``certainty`` is ``frame_confidence(log_probs)``. The
    confidence of a word of a term is that of its least certain frame, at most the odds of the term.
    """
    if not words or not terms:
        return list(words)
    result: list[DecodedWord] = []
    behind = 0
    for place in _chosen([*_exact_places(words, terms), *_aligned_places(log_probs, words, terms)]):
        result += words[behind : place.first]
        result += _written(place, words[place.first : place.end], certainty)
        behind = place.end
    return result + list(words[behind:])


def _spoken(text: str) -> list[tuple[str, ...]]:
    """The forms in which a model may write the words of a term: in lower case or not, with accents or without."""
    # Word by word: NFKC turns some marks ("¨") into a space, which would split a written word.
    accented = [unicodedata.normalize("NFKC", word.translate(_APOSTROPHE)) for word in text.split()]
    plain = [_without_accents(word) for word in accented]
    forms = [
        tuple(_SEPARATORS.sub(" ", word.replace("&", " and ")).strip() for word in form)
        for form in (map(str.lower, plain), plain, map(str.lower, accented), accented)
    ]
    return list(dict.fromkeys(forms))


def _without_accents(word: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFKD", word) if not unicodedata.combining(char))


def _term(text: str, spoken: tuple[str, ...], classes: dict[str, int], blank: int) -> Term | None:
    words = tuple(word for written in spoken for word in written.split())
    paths = lattice(words, classes, blank) if words and all(spoken) else None
    if paths is None:
        return None
    return Term(tuple(text.split()), words, tuple(len(written.split()) for written in spoken), paths)


def _exact_places(words: Sequence[DecodedWord], terms: Sequence[Term]) -> Iterator[_Place]:
    """Places in which greedy decoding already wrote a term."""
    by_words = {tuple(word.lower() for word in term.spoken): term for term in reversed(terms)}
    texts = [word.text.lower() for word in words]
    for size in {len(spoken) for spoken in by_words}:
        for first in range(len(words) - size + 1):
            term = by_words.get(tuple(texts[first : first + size]))
            if term:
                yield _Place(term, first, first + size, BONUS * len(term.letters), None)


def _aligned_places(log_probs: Floats, words: Sequence[DecodedWord], terms: Sequence[Term]) -> Iterator[_Place]:
    """Places in which a term is nearly as probable as the words of greedy decoding."""
    longest = max(len(term.spoken) for term in terms) + EXTRA_WORDS
    stretches = [
        (first, end) for first in range(len(words)) for end in range(first + 1, min(first + longest, len(words)) + 1)
    ]
    texts = ["".join(word.text for word in words[first:end]).lower() for first, end in stretches]
    similarities = process.cdist(
        [term.letters for term in terms],
        texts,
        scorer=Levenshtein.normalized_similarity,
        score_cutoff=RESEMBLANCE,
        dtype=np.float32,
    )
    tried = [
        (terms[row], *stretches[column])
        for row, column in np.argwhere(similarities > 0)
        if 1 <= stretches[column][1] - stretches[column][0] <= len(terms[row].spoken) + EXTRA_WORDS
    ]
    candidates = [
        # The frames between the neighbouring words: a term must account for every letter in them.
        Candidate(
            term.lattice,
            words[first - 1].end if first else 0,
            words[end].first if end < len(words) else len(log_probs),
        )
        for term, first, end in tried
    ]
    for (term, first, end), fit in zip(tried, fits(log_probs, candidates), strict=True):
        gain = fit.score + BONUS * len(term.letters)
        if gain > 0:
            yield _Place(term, first, end, gain, fit)


def _chosen(places: Sequence[_Place]) -> list[_Place]:
    """Places that do not overlap, preferring the most probable; in order of time."""
    taken: set[int] = set()
    chosen: list[_Place] = []
    for place in sorted(places, key=lambda place: (-place.gain, place.first, place.end)):
        span = range(place.first, place.end)
        if taken.isdisjoint(span):
            taken.update(span)
            chosen.append(place)
    return sorted(chosen, key=lambda place: place.first)


def _written(place: _Place, decoded: Sequence[DecodedWord], certainty: Floats) -> Iterator[DecodedWord]:
    """The written words of a term, with the frames of its spoken words."""
    spoken = [replace(word) for word in decoded]
    if place.fit is not None:
        odds = 1 / (1 + math.exp(-place.gain))
        spoken = [
            DecodedWord("", first, end, min(odds, float(certainty[first:end].min()))) for first, end in place.fit.words
        ]
    behind = 0
    for text, size in zip(place.term.written, place.term.parts, strict=True):
        words = spoken[behind : behind + size]
        behind += size
        yield DecodedWord(text, words[0].first, words[-1].end, min(word.confidence for word in words))
