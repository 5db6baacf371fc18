"""Captions: at most two lines of 42 characters and seven seconds, as is usual in broadcasting."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import srt
from webvtt import Caption, WebVTT

from mediaindex.contract.results import TurnText
from mediaindex.timeline import Span, Transcript, Turn

LINE = 42  # characters
LINES = 2
LONGEST = 7.0  # s on screen
PAUSE = 1.0  # s of silence that end a caption
SENTENCE_END = (".", "!", "?", "\u2026")
FULL_ENOUGH = 0.5  # share of the space from which the end of a sentence also ends the caption


@dataclass(frozen=True, slots=True)
class Cue(Span):
    """A caption. ``speaker``: name for display; ``opens``: whether the previous caption is of another speaker."""

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
    texts: Sequence[TurnText] | None = None,
    *,
    label_speakers: bool = False,
) -> Iterator[Cue]:
    """Captions in order of time, cut between words.

    ``names``: names for labels such as ``SPEAKER_00``. ``texts``: the readable text of each turn (``Topics.texts``); a
    token is displayed while its words are spoken. ``label_speakers``: begin the first caption after a change of speaker
    with ``Name:``. A single token that exceeds the space or seven seconds is kept and breaks the rule.
    """
    before: str | None = None
    for index, turn in enumerate(transcript.turns):
        speaker = speaker_name(turn.speaker, names)
        shown = _shown(turn, texts[index] if texts else None)
        label = f"{speaker}: " if label_speakers and speaker != before else ""
        for number, (tokens, content) in enumerate(_parts(shown, label)):
            start, end = tokens[0].start, tokens[-1].end
            end = min(end, start + LONGEST) if len(tokens) == 1 else end
            yield Cue(start, end, speaker, tuple(_wrap(content)), number == 0 and speaker != before)
        before = speaker


def speaker_name(label: str, names: Mapping[str, str] | None) -> str:
    """The name for a label, on one line; the label itself if it has no name."""
    return " ".join((names or {}).get(label, "").split()) or label


@dataclass(frozen=True, slots=True)
class _Shown(Span):
    """A token with the time of its words."""

    text: str


def _shown(turn: Turn, text: TurnText | None) -> list[_Shown]:
    words = turn.words
    if text is None or text.places[-1] >= len(words):  # of another transcript
        return [_Shown(word.start, word.end, word.text) for word in words]
    ends = [place - 1 for place in text.places[1:]] + [len(words) - 1]
    tokens = zip(text.text.split(), text.places, ends, strict=True)
    return [_Shown(words[first].start, words[last].end, token) for token, first, last in tokens]


def _parts(shown: Sequence[_Shown], label: str) -> Iterator[tuple[Sequence[_Shown], str]]:
    begin, content = 0, label + shown[0].text
    for index in range(1, len(shown)):
        longer = f"{content} {shown[index].text}"
        fits = shown[index].end - shown[begin].start <= LONGEST and len(_wrap(longer)) <= LINES
        if fits and not _ends_here(content, shown[index - 1], shown[index]):
            content = longer
        else:
            yield shown[begin:index], content
            begin, content = index, shown[index].text
    yield shown[begin:], content


def _ends_here(content: str, token: Span, following: Span) -> bool:
    at_sentence_end = content.endswith(SENTENCE_END) and len(content) >= FULL_ENOUGH * LINE * LINES
    return at_sentence_end or following.start - token.end > PAUSE


def _wrap(content: str) -> list[str]:
    return textwrap.wrap(content, LINE, break_on_hyphens=False)


def to_srt(
    transcript: Transcript, names: Mapping[str, str] | None = None, texts: Sequence[TurnText] | None = None
) -> str:
    """The content of the file; captions after a change of speaker begin with ``Name:``. Arguments as in `cues`."""
    subtitles = (
        srt.Subtitle(index, timedelta(seconds=cue.start), timedelta(seconds=cue.end), "\n".join(cue.lines))
        for index, cue in enumerate(cues(transcript, names, texts, label_speakers=True), 1)
    )
    return str(srt.compose(subtitles, reindex=False))


def to_vtt(
    transcript: Transcript, names: Mapping[str, str] | None = None, texts: Sequence[TurnText] | None = None
) -> str:
    """The content of the file, ending in a line break; every caption has its speaker. Arguments as in `cues`."""
    captions = [
        Caption(_time(cue.start), _time(cue.end), f"<v {_escape(cue.speaker)}>" + "\n".join(map(_escape, cue.lines)))
        for cue in cues(transcript, names, texts)
    ]
    return WebVTT(captions=captions).content.rstrip("\n") + "\n"


def _escape(text: str) -> str:
    # Words and names are untrusted: neither may open a tag, an entity or (by "-->") a cue.
    return html.escape(text, quote=False)


def _time(seconds: float) -> str:
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}.{rest % 1000:03d}"
