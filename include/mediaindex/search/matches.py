"""Find the second of a match in a highlighted turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mediaindex.timeline.scripts import token_spans

NEAR = 12  # words: matches within this distance count as spoken together
BEFORE, AFTER = 8, 16  # words of context shown


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the shown text; ``matched`` if it was searched for. Plain text: escape it for display."""

    text: str
    matched: bool


@dataclass(frozen=True, slots=True)
class Match:
    """``word``: index of the first word of the best match, None if nothing is marked. ``pieces``: text around it."""

    word: int | None
    pieces: tuple[Piece, ...]


def best_match(text: str, ranges: Sequence[tuple[int, int]]) -> Match:
    """The place with the most different searched words; ``ranges`` are the marked characters of ``text``."""
    words = token_spans(text)
    marked = _marked_words(words, ranges)
    first = _densest(text, words, marked) if marked else None
    begin, end = max(0, (first or 0) - BEFORE), min(len(words), (first or 0) + AFTER)
    if begin == end:
        return Match(None, ())
    return Match(first, _pieces(text, words[begin][0], words[end - 1][1], ranges))


def start_of(word: int | None, turn_start: float, word_starts: Sequence[float], words: int) -> float:
    """Seconds at which ``word`` begins; the start of the turn if ``word`` is None or has no times.

    If the text has another number of words than the recognised words (after a correction), the result is an estimate.
    """
    if word is None or not word_starts:
        return turn_start
    if words == len(word_starts):
        return word_starts[word]
    return word_starts[min(len(word_starts) - 1, word * len(word_starts) // words)]


def read_marks(highlighted: str, opening: str, closing: str) -> tuple[str, list[tuple[int, int]]]:
    """The text without marks, and the ranges of characters that were between them."""
    text: list[str] = []
    ranges: list[tuple[int, int]] = []
    length = 0
    for number, part in enumerate(highlighted.split(opening)):
        marked, separator, rest = part.partition(closing)
        if number and separator:
            ranges.append((length, length + len(marked)))
        text += [marked, rest]
        length += len(marked) + len(rest)
    return "".join(text), ranges


def _marked_words(words: Sequence[tuple[int, int]], ranges: Sequence[tuple[int, int]]) -> list[int]:
    marked: list[int] = []
    place = 0
    for start, end in ranges:
        while place < len(words) and words[place][1] <= start:
            place += 1
        reach = place
        while reach < len(words) and words[reach][0] < end:
            marked.append(reach)
            reach += 1
    return list(dict.fromkeys(marked))


def _densest(text: str, words: Sequence[tuple[int, int]], marked: Sequence[int]) -> int:
    """The marked word followed by the most different marked words within NEAR; the earliest of equals."""
    forms = {word: text[slice(*words[word])].casefold().strip(".,;:!?\"'()") for word in marked}
    best, most, behind = marked[0], 0, 0
    counts: dict[str, int] = {}
    for word in marked:
        while behind < len(marked) and marked[behind] < word + NEAR:
            form = forms[marked[behind]]
            counts[form] = counts.get(form, 0) + 1
            behind += 1
        if len(counts) > most:
            best, most = word, len(counts)
        counts[forms[word]] -= 1
        if not counts[forms[word]]:
            del counts[forms[word]]
    return best


def _pieces(text: str, begin: int, end: int, ranges: Sequence[tuple[int, int]]) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    at = begin
    for start, stop in ranges:
        if stop <= begin or start >= end:
            continue
        if at < start:
            pieces.append(Piece(text[at:start], matched=False))
        pieces.append(Piece(text[max(start, begin) : min(stop, end)], matched=True))
        at = min(stop, end)
    if at < end:
        pieces.append(Piece(text[at:end], matched=False))
    return tuple(pieces)
