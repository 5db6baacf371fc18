"""Turns for the tests of readable text."""

from __future__ import annotations

from mediaindex.timeline import Turn, Word, round_to_ms


def said(text: str, *, speaker: str = "A", language: str = "en", start: float = 0.0, letter: float = 0.05) -> Turn:
    """Words at a steady pace of ``letter`` seconds; ``|`` is a second of silence."""
    words: list[Word] = []
    at = start
    for piece in text.split():
        if piece == "|":
            at += 1.0
            continue
        taken = letter * (len(piece) + 2)
        words.append(Word(round_to_ms(at), round_to_ms(at + taken * 0.8), piece, 0.9))
        at += taken
    return Turn(words[0].start, words[-1].end, speaker, language, tuple(words))
