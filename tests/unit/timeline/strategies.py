"""Hypothesis strategies for everything in ``mediaindex.timeline``."""

from __future__ import annotations

from hypothesis import strategies as st

from mediaindex.timeline import Anchor, Clock, SpeakerSpan, Transcript, Turn, Word, round_to_ms

MILLISECONDS = st.integers(0, 100_000_000)
PROBABILITIES = st.floats(0, 1)
TOKENS = st.text(st.characters(exclude_categories=["Z", "C"]), min_size=1, max_size=8).filter(
    lambda text: len(text.split()) == 1 and text == text.strip()
)
LABELS = st.sampled_from(["SPEAKER_00", "SPEAKER_01", "SPEAKER_02"])


@st.composite
def word_rows(draw: st.DrawFn, speaker: str | None = None, begin: int = 0) -> tuple[Word, ...]:
    """Words in order on a grid of milliseconds; they may overlap, as the words of recognisers do."""
    start, end, words = begin, begin, []
    for _ in range(draw(st.integers(1, 6))):
        start += draw(st.integers(0, 3000))
        end = max(end, start + draw(st.integers(1, 900)))
        words.append(Word(start / 1000, end / 1000, draw(TOKENS), draw(PROBABILITIES), speaker))
    return tuple(words)


@st.composite
def turn_rows(draw: st.DrawFn) -> tuple[Turn, ...]:
    """Turns in order of start; turns may overlap."""
    begin, turns = 0, []
    for _ in range(draw(st.integers(0, 5))):
        begin += draw(st.integers(0, 20_000))
        speaker = draw(LABELS)
        words = draw(word_rows(speaker, begin))
        turns.append(Turn(begin / 1000, words[-1].end, speaker, "en", words))
    return tuple(turns)


@st.composite
def transcripts(draw: st.DrawFn) -> Transcript:
    turns = draw(turn_rows())
    end = max((turn.end for turn in turns), default=0.0) + draw(st.integers(0, 9))
    return Transcript(0.0, end, "en" if turns else "und", "a recogniser", turns, draw(PROBABILITIES))


@st.composite
def clocks(draw: st.DrawFn) -> Clock:
    """A late start and up to six gaps, in milliseconds, as ``normalize`` writes them."""
    audio, offset = 0, draw(MILLISECONDS)
    anchors = [Anchor(0.0, offset / 1000)]
    for _ in range(draw(st.integers(0, 6))):
        audio += draw(st.integers(1, 1_000_000))
        offset += draw(st.integers(1, 10_000_000))
        anchors.append(Anchor(audio / 1000, round_to_ms((audio + offset) / 1000)))
    return Clock(tuple(anchors))


SPEAKER_SPANS = st.builds(
    lambda start, length, speaker: SpeakerSpan(start / 1000, (start + length) / 1000, speaker),
    MILLISECONDS,
    st.integers(1, 100_000),
    LABELS,
)
