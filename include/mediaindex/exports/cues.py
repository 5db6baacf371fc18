"""A transcript cut into captions: at most two lines of 42 characters and seven seconds, as broadcasters do it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mediaindex.timeline import Span, Transcript, Turn, Word

LINE = 42  # characters
LINES = 2
LONGEST = 7.0  # s on screen
PAUSE = 1.0  # s of silence after which the caption goes away
SENTENCE_END = (".", "!", "?", "\u2026")
FULL_ENOUGH = 0.5  # share of the space from which a sentence's end also ends the caption


@dataclass(frozen=True, slots=True)
class Cue(Span):
    """One caption. ``speaker`` is a name for people; ``opens`` says that somebody else spoke before."""

    speaker: str
    lines: tuple[str, ...]
    opens: bool

    @property
    def text(self) -> str:
        """The caption in one line."""
        return " ".join(self.lines)


def cues(
    transcript: Transcript,
    names: Mapping[str, str] | None = None,
    texts: Sequence[str] | None = None,
    *,
    label_speakers: bool = False,
) -> Iterator[Cue]:
    """Captions in order of time, cut between words.

    ``names``: what to call a speaker instead of ``SPEAKER_00``. ``texts``: each turn's readable text, with as many
    words as the turn (``Topics.texts``). ``label_speakers`` writes ``Name:`` into the first caption of each speaker
    in a row. A single word longer than the space, or than seven seconds, breaks the rule rather than being lost.
    """
    before: str | None = None
    for index, turn in enumerate(transcript.turns):
        speaker = speaker_name(turn.speaker, names)
        shown = _shown(turn, texts[index] if texts else None)
        label = f"{speaker}: " if label_speakers and speaker != before else ""
        for number, (words, content) in enumerate(_parts(turn.words, shown, label)):
            opens = number == 0 and speaker != before
            end = min(words[-1].end, words[0].start + LONGEST) if len(words) == 1 else words[-1].end
            yield Cue(words[0].start, end, speaker, tuple(_wrap(content)), opens)
        before = speaker


def speaker_name(label: str, names: Mapping[str, str] | None) -> str:
    """The name for a label, on one line; the label itself where there is no name."""
    return " ".join((names or {}).get(label, "").split()) or label


def _shown(turn: Turn, text: str | None) -> list[str]:
    spoken = [word.text for word in turn.words]
    readable = text.split() if text else spoken
    return readable if len(readable) == len(spoken) else spoken


def _parts(words: Sequence[Word], shown: Sequence[str], label: str) -> Iterator[tuple[Sequence[Word], str]]:
    begin, content = 0, label + shown[0]
    for index in range(1, len(words)):
        longer = f"{content} {shown[index]}"
        fits = words[index].end - words[begin].start <= LONGEST and len(_wrap(longer)) <= LINES
        if fits and not _ends_here(content, words[index - 1], words[index]):
            content = longer
        else:
            yield words[begin:index], content
            begin, content = index, shown[index]
    yield words[begin:], content


def _ends_here(content: str, word: Word, following: Word) -> bool:
    at_sentence_end = content.endswith(SENTENCE_END) and len(content) >= FULL_ENOUGH * LINE * LINES
    return at_sentence_end or following.start - word.end > PAUSE


def _wrap(content: str) -> list[str]:
    return textwrap.wrap(content, LINE, break_on_hyphens=False)
