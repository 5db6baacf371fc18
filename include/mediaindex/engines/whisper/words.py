"""Whisper's pieces of text with times, made into words that keep the timeline's promises."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mediaindex.timeline import Word, round_to_ms

# Written without spaces: each piece that Whisper times (a character or a few) stands as a word of its own.
_WITHOUT_SPACES = frozenset({"zh", "ja", "th", "lo", "my", "km", "bo", "yue"})
_SHORTEST = 0.02  # s; Whisper's clock ticks in 20 ms, and gives some words no length at all


@dataclass(frozen=True, slots=True)
class Heard:
    """A piece of text; a leading space says that a word begins. Times in seconds of the chunk."""

    text: str
    start: float
    end: float
    probability: float


def words_of(pieces: Iterable[Heard], language: str, duration: float) -> tuple[Word, ...]:
    """Monotonic words inside a chunk of ``duration`` seconds; pieces without text are left out."""
    whole = pieces if language in _WITHOUT_SPACES else _joined(pieces)
    words: list[Word] = []
    for piece in whole:
        for token in _single(piece):
            words.append(_after(words[-1] if words else None, token, max(duration, _SHORTEST)))
    return tuple(words)


def _joined(pieces: Iterable[Heard]) -> list[Heard]:
    """``-known`` without a space before it belongs to the ``well`` that it follows."""
    joined: list[Heard] = []
    for piece in pieces:
        if joined and piece.text and not piece.text[0].isspace() and not joined[-1].text[-1:].isspace():
            last = joined.pop()
            least = min(last.probability, piece.probability)
            joined.append(Heard(last.text + piece.text, last.start, piece.end, least))
        else:
            joined.append(piece)
    return joined


def _single(piece: Heard) -> list[Heard]:
    """Tokens without white space; several in one piece share its time by their length."""
    tokens = piece.text.split()
    letters = sum(map(len, tokens))
    found, start = [], piece.start
    for token in tokens:
        end = start + (piece.end - piece.start) * len(token) / letters
        found.append(Heard(token, start, end, piece.probability))
        start = end
    return found


def _after(before: Word | None, token: Heard, duration: float) -> Word:
    start = max(before.start if before else 0.0, min(token.start, duration - _SHORTEST), 0.0)
    end = max(before.end if before else 0.0, min(max(token.end, start + _SHORTEST), duration))
    probability = min(max(token.probability, 0.0), 1.0)
    return Word(
        round_to_ms(start), max(round_to_ms(end), round_to_ms(start) + 0.001), token.text, round(float(probability), 4)
    )
