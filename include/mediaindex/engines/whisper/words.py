"""Turns Whisper's pieces of timed text into words in the order of the timeline."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mediaindex.timeline import Word, round_to_ms

# Written without spaces: each piece that Whisper times (one or a few characters) is a word.
_WITHOUT_SPACES = frozenset({"zh", "ja", "th", "lo", "my", "km", "bo", "yue"})
_SHORTEST = 0.02  # s; Whisper's times have steps of 20 ms, and some words have no length


@dataclass(frozen=True, slots=True)
class TimedText:
    """A piece of text, with times in seconds of the chunk; a leading space begins a word."""

    text: str
    start: float
    end: float
    probability: float


def words_of(pieces: Iterable[TimedText], language: str, duration: float) -> tuple[Word, ...]:
    """Monotonic words inside a chunk of ``duration`` seconds; pieces without text are left out."""
    joined = pieces if language in _WITHOUT_SPACES else _joined(pieces)
    words: list[Word] = []
    for piece in joined:
        for token in _single(piece):
            words.append(_after(words[-1] if words else None, token, max(duration, _SHORTEST)))
    return tuple(words)


def _joined(pieces: Iterable[TimedText]) -> list[TimedText]:
    """Join pieces that do not begin with a space to the previous one, as ``-known`` to ``well``."""
    joined: list[TimedText] = []
    for piece in pieces:
        if joined and piece.text and not piece.text[0].isspace() and not joined[-1].text[-1:].isspace():
            last = joined.pop()
            least = min(last.probability, piece.probability)
            joined.append(TimedText(last.text + piece.text, last.start, piece.end, least))
        else:
            joined.append(piece)
    return joined


def _single(piece: TimedText) -> list[TimedText]:
    """Split a piece at white space; the tokens share its time by their length."""
    tokens = piece.text.split()
    letters = sum(map(len, tokens))
    parts, start = [], piece.start
    for token in tokens:
        end = start + (piece.end - piece.start) * len(token) / letters
        parts.append(TimedText(token, start, end, piece.probability))
        start = end
    return parts


def _after(before: Word | None, token: TimedText, duration: float) -> Word:
    start = max(before.start if before else 0.0, min(token.start, duration - _SHORTEST), 0.0)
    end = max(before.end if before else 0.0, min(max(token.end, start + _SHORTEST), duration))
    probability = min(max(token.probability, 0.0), 1.0)
    return Word(
        round_to_ms(start), max(round_to_ms(end), round_to_ms(start) + 0.001), token.text, round(float(probability), 4)
    )
