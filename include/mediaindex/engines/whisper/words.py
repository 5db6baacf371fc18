"""Turns Whisper's pieces of timed text into words in the order of the timeline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mediaindex.timeline import Word, round_to_ms
from mediaindex.timeline.scripts import TimedToken, timed_tokens

_SHORTEST = 0.02  # s; Whisper's times have steps of 20 ms, and some words have no length


@dataclass(frozen=True, slots=True)
class TimedText:
    """A piece of text, with times in seconds of the chunk; a leading space begins a word."""

    text: str
    start: float
    end: float
    probability: float


def words_of(pieces: Sequence[TimedText], duration: float) -> tuple[Word, ...]:
    """Monotonic words inside a chunk of ``duration`` seconds; pieces without text are left out.

    Pieces that do not begin with a space continue a word, as ``-known`` in ``well-known``; in scripts without spaces
    each character is a word.
    """
    words: list[Word] = []
    for token in timed_tokens(pieces, spaced=True):
        least = min(piece.probability for piece in pieces[token.first : token.after])
        words.append(_after(words[-1] if words else None, token, least, max(duration, _SHORTEST)))
    return tuple(words)


def _after(before: Word | None, token: TimedToken, probability: float, duration: float) -> Word:
    start = max(before.start if before else 0.0, min(token.start, duration - _SHORTEST), 0.0)
    end = max(before.end if before else 0.0, min(max(token.end, start + _SHORTEST), duration))
    confidence = round(float(min(max(probability, 0.0), 1.0)), 4)
    return Word(round_to_ms(start), max(round_to_ms(end), round_to_ms(start) + 0.001), token.text, confidence)
