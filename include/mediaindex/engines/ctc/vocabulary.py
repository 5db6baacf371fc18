"""Custom vocabulary for CTC models: names and terms are written where the audio allows it.

In the spirit of CTC-WS (Andrusenko et al., "Fast Context-Biasing for CTC and Transducer ASR models with CTC-based Word
Spotter", 2024): a term takes the place of the words that greedy decoding found when its own path through the same
frames is nearly as probable. Where CTC-WS follows one spelling of a term in the model's pieces, all spellings count
here; and only stretches whose letters resemble the term are tried, which keeps hundreds of terms cheap.
"""

from __future__ import annotations

import logging
import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from .align import Claim, Fit, Lattice, fits, lattice, pieces_of
from .decode import Floats, HeardWord

# How much less probable (log, for each letter of a term) than the greedy words a term may be and still be written.
BONUS = 0.8
# Letters in common (1 - edit distance / longer length) below which a term is not tried on a stretch of words.
RESEMBLANCE = 0.5
EXTRA_WORDS = 2  # an unknown name often falls apart: "zarathustra" into "sara to stra"

_APOSTROPHE = {0x2019: "'", 0xB4: "'", 0x60: "'"}  # curly, acute, grave
_SEPARATORS = re.compile(r"[^\w'&]+")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Term:
    """One way to say a term. ``written`` word by word as the user wrote it, ``spoken`` as the model would write it.

    ``parts``: how many spoken words make up each written one ("Jean-Luc" has two).
    """

    written: tuple[str, ...]
    spoken: tuple[str, ...]
    parts: tuple[int, ...]
    lattice: Lattice

    @property
    def letters(self) -> str:
        """What is compared: small letters without spaces."""
        return "".join(self.spoken).lower()


@dataclass(frozen=True, slots=True)
class _Place:
    """A term on the words ``first`` up to ``end`` (not included); ``gain``: log odds for writing it there."""

    term: Term
    first: int
    end: int
    gain: float
    fit: Fit | None  # None: these words are the term already


@lru_cache(maxsize=16)
def terms_of(vocabulary: tuple[str, ...], pieces: tuple[str, ...]) -> tuple[Term, ...]:
    """Terms that a model with these pieces (blank not among them) can write; the others are logged and left out."""
    classes, blank = pieces_of(pieces), len(pieces)
    terms: list[Term] = []
    for text in vocabulary:
        found = [term for spoken in _spoken(text) if (term := _term(text, spoken, classes, blank))]
        if not found:
            log.warning("vocabulary: %r has letters that the model cannot write; it is left out", text)
        terms += found
    return tuple(terms)


def respelled(log_probs: Floats, words: Sequence[HeardWord], certain: Floats, terms: Sequence[Term]) -> list[HeardWord]:
    """``words`` of a chunk with the terms that were said written as the user writes them.

    ``log_probs`` has shape (frames, classes), blank last; ``certain`` is ``frame_confidence`` of it. A word that comes
    from a term is as sure as its least sure frame, and no surer than the odds for the term.
    """
    if not words or not terms:
        return list(words)
    result: list[HeardWord] = []
    behind = 0
    for place in _chosen([*_there(words, terms), *_claimed(log_probs, words, terms)]):
        result += words[behind : place.first]
        result += _written(place, words[place.first : place.end], certain)
        behind = place.end
    return result + list(words[behind:])


def _spoken(text: str) -> list[tuple[str, ...]]:
    """For each written word what a model may write for it: with capitals and accents or without, as models go."""
    # Word by word: of some marks ("¨") NFKC makes a space, and one written word would be two.
    accented = [unicodedata.normalize("NFKC", word.translate(_APOSTROPHE)) for word in text.split()]
    plain = [_without_accents(word) for word in accented]
    forms = [
        tuple(_SEPARATORS.sub(" ", word.replace("&", " and ")).strip() for word in form)
        for form in (map(str.lower, plain), plain, map(str.lower, accented), accented)
    ]
    return list(dict.fromkeys(forms))


def _without_accents(word: str) -> str:
    return "".join(one for one in unicodedata.normalize("NFKD", word) if not unicodedata.combining(one))


def _term(text: str, spoken: tuple[str, ...], classes: dict[str, int], blank: int) -> Term | None:
    words = tuple(word for written in spoken for word in written.split())
    paths = lattice(words, classes, blank) if words and all(spoken) else None
    if paths is None:
        return None
    return Term(tuple(text.split()), words, tuple(len(written.split()) for written in spoken), paths)


def _there(words: Sequence[HeardWord], terms: Sequence[Term]) -> Iterator[_Place]:
    """Where greedy decoding wrote a term by itself."""
    by_words = {tuple(word.lower() for word in term.spoken): term for term in reversed(terms)}
    texts = [word.text.lower() for word in words]
    for size in {len(spoken) for spoken in by_words}:
        for first in range(len(words) - size + 1):
            term = by_words.get(tuple(texts[first : first + size]))
            if term:
                yield _Place(term, first, first + size, BONUS * len(term.letters), None)


def _claimed(log_probs: Floats, words: Sequence[HeardWord], terms: Sequence[Term]) -> Iterator[_Place]:
    """Where a term is nearly as probable as what greedy decoding wrote."""
    longest = max(len(term.spoken) for term in terms) + EXTRA_WORDS
    stretches = [
        (first, end) for first in range(len(words)) for end in range(first + 1, min(first + longest, len(words)) + 1)
    ]
    texts = ["".join(word.text for word in words[first:end]).lower() for first, end in stretches]
    alike = process.cdist(
        [term.letters for term in terms],
        texts,
        scorer=Levenshtein.normalized_similarity,
        score_cutoff=RESEMBLANCE,
        dtype=np.float32,
    )
    tried = [
        (terms[row], *stretches[column])
        for row, column in np.argwhere(alike > 0)
        if 1 <= stretches[column][1] - stretches[column][0] <= len(terms[row].spoken) + EXTRA_WORDS
    ]
    claims = [
        # The frames between the neighbours: a term must account for every letter that was heard there.
        Claim(
            term.lattice,
            words[first - 1].end if first else 0,
            words[end].first if end < len(words) else len(log_probs),
        )
        for term, first, end in tried
    ]
    for (term, first, end), fit in zip(tried, fits(log_probs, claims), strict=True):
        gain = fit.score + BONUS * len(term.letters)
        if gain > 0:
            yield _Place(term, first, end, gain, fit)


def _chosen(places: Sequence[_Place]) -> list[_Place]:
    """Places that do not overlap, the most probable first served; in order of time."""
    taken: set[int] = set()
    chosen: list[_Place] = []
    for place in sorted(places, key=lambda place: (-place.gain, place.first, place.end)):
        span = range(place.first, place.end)
        if taken.isdisjoint(span):
            taken.update(span)
            chosen.append(place)
    return sorted(chosen, key=lambda place: place.first)


def _written(place: _Place, heard: Sequence[HeardWord], certain: Floats) -> Iterator[HeardWord]:
    """The term's written words, with the frames of their spoken ones."""
    spoken = [replace(word) for word in heard]
    if place.fit is not None:
        odds = 1 / (1 + math.exp(-place.gain))
        spoken = [
            HeardWord("", first, end, min(odds, float(certain[first:end].min()))) for first, end in place.fit.words
        ]
    behind = 0
    for text, size in zip(place.term.written, place.term.parts, strict=True):
        some = spoken[behind : behind + size]
        behind += size
        yield HeardWord(text, some[0].first, some[-1].end, min(word.confidence for word in some))
