from __future__ import annotations

import pytest

from mediaindex.timeline import Transcript, Turn, Word, round_to_ms


def turn(speaker: str, start: float, text: str) -> Turn:
    words = tuple(
        Word(round_to_ms(start + i * 0.4), round_to_ms(start + i * 0.4 + 0.3), word, 0.9)
        for i, word in enumerate(text.split())
    )
    return Turn(words[0].start, words[-1].end, speaker, "en", words)


@pytest.fixture
def dialogue() -> Transcript:
    """Two speakers; the words of the second contain markup."""
    turns = (
        turn(
            "SPEAKER_00", 1.0, "have you ever been to new york it is a very large town and nobody sleeps there at all"
        ),
        turn("SPEAKER_01", 10.0, "no <i>never</i> & --> R&amp;B"),
    )
    return Transcript(0.0, 20.0, "en", "conformer", turns)
