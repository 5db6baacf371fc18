"""Captions: at most two lines of 42 columns and seven seconds, as is usual in broadcasting.

Wide characters, such as those of Chinese and Japanese, take two columns.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import chain, pairwise

import srt
from rich.cells import cell_len, chop_cells
from webvtt import Caption, WebVTT

from mediaindex.contract.results import TurnText
from mediaindex.timeline import RESOLUTION, Span, Transcript, Turn, round_to_ms
from mediaindex.timeline.scripts import joined, tokens

LINE = 42  # columns
LINES = 2
LONGEST = 7.0  # s on screen
SHORTEST = 1.0  # s on screen, unless the next caption begins earlier
PAUSE = 1.0  # s of silence that end a caption
SENTENCE_END = (".", "!", "?", "\u2026", "\u3002", "\uff01", "\uff1f")
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
        return joined(self.lines)


def cues(
    transcript: Transcript,
    names: Mapping[str, str] | None = None,
    texts: Sequence[TurnText] | None = None,
    *,
    label_speakers: bool = False,
    zero: float = 0.0,
) -> Iterator[Cue]:
    """Captions in order of time, cut between words.

    ``names``: names for labels such as ``SPEAKER_00``. ``texts``: the readable text of each turn (``Topics.texts``); a
    token is displayed while its words are spoken. ``label_speakers``: begin the first caption after a change of speaker
    with ``Name:``. ``zero``: the source time (s) from which captions count. A single token that exceeds the space or
    seven seconds is kept and breaks the rule. A caption that would be too short to read stays until the next one, for
    at most a second.
    """
    captions = _captions(transcript, names, texts, label_speakers=label_speakers)
    for cue, following in pairwise(chain(captions, [None])):
        if cue is not None:  # only the last one is
            yield _counted_from(zero, _readable(cue, transcript.end if following is None else following.start))


def _readable(cue: Cue, until: float) -> Cue:
    """The caption, on screen for at least ``SHORTEST`` seconds, if that is before ``until``."""
    end = round_to_ms(min(cue.start + SHORTEST, until))
    return replace(cue, end=end) if end > cue.end else cue


def _counted_from(zero: float, cue: Cue) -> Cue:
    start = round_to_ms(max(0.0, cue.start - zero))
    return replace(cue, start=start, end=round_to_ms(max(start + RESOLUTION, cue.end - zero)))


def _captions(
    transcript: Transcript,
    names: Mapping[str, str] | None,
    texts: Sequence[TurnText] | None,
    *,
    label_speakers: bool,
) -> Iterator[Cue]:
    before: str | None = None
    for index, turn in enumerate(transcript.turns):
        speaker = speaker_name(turn.speaker, names)
        shown = _shown(turn, texts[index] if texts else None)
        label = f"{speaker}: " if label_speakers and speaker != before else ""
        for number, (part, content) in enumerate(_parts(shown, label)):
            start, end = part[0].start, part[-1].end
            end = min(end, start + LONGEST) if len(part) == 1 else end
            lines = _wrap(content, label if number == 0 else "")
            yield Cue(start, end, speaker, tuple(lines), number == 0 and speaker != before)
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
    # The text may be of another transcript, or of an earlier version, which put spaces between characters.
    if text is None or text.places[-1] >= len(words) or len(tokens(text.text)) != len(text.places):
        return [_Shown(word.start, word.end, word.text) for word in words]
    ends = [place - 1 for place in text.places[1:]] + [len(words) - 1]
    shown = zip(tokens(text.text), text.places, ends, strict=True)
    return [_Shown(words[first].start, words[max(first, last)].end, token) for token, first, last in shown]


def _parts(shown: Sequence[_Shown], label: str) -> Iterator[tuple[Sequence[_Shown], list[str]]]:
    begin, content = 0, [shown[0].text]
    for index in range(1, len(shown)):
        longer = [*content, shown[index].text]
        fits = shown[index].end - shown[begin].start <= LONGEST and len(_wrap(longer, "" if begin else label)) <= LINES
        if fits and not _ends_here(joined(content), shown[index - 1], shown[index]):
            content = longer
        else:
            yield shown[begin:index], content
            begin, content = index, [shown[index].text]
    yield shown[begin:], content


def _ends_here(content: str, token: Span, following: Span) -> bool:
    at_sentence_end = content.endswith(SENTENCE_END) and cell_len(content) >= FULL_ENOUGH * LINE * LINES
    return at_sentence_end or following.start - token.end > PAUSE


def _wrap(content: Sequence[str], label: str) -> list[str]:
    """The label and the tokens on lines; what is longer than a line is cut."""
    lines = _wrap(label.split(), "") if label else []
    for index, token in enumerate(content):
        longer = f"{lines[-1]} {token}" if label and index == 0 else joined([*lines[-1:], token])
        if lines and cell_len(longer) <= LINE:
            lines[-1] = longer
        else:
            lines += chop_cells(token, LINE)
    return lines


def to_srt(
    transcript: Transcript,
    names: Mapping[str, str] | None = None,
    texts: Sequence[TurnText] | None = None,
    *,
    zero: float = 0.0,
) -> str:
    """The content of the file; captions after a change of speaker begin with ``Name:``. Arguments as in `cues`."""
    subtitles = (
        srt.Subtitle(index, timedelta(seconds=cue.start), timedelta(seconds=cue.end), "\n".join(cue.lines))
        for index, cue in enumerate(cues(transcript, names, texts, label_speakers=True, zero=zero), 1)
    )
    return str(srt.compose(subtitles, reindex=False))


def to_vtt(
    transcript: Transcript,
    names: Mapping[str, str] | None = None,
    texts: Sequence[TurnText] | None = None,
    *,
    zero: float = 0.0,
) -> str:
    """The content of the file, ending in a line break; every caption has its speaker. Arguments as in `cues`."""
    captions = [
        Caption(_time(cue.start), _time(cue.end), f"<v {_escape(cue.speaker)}>" + "\n".join(map(_escape, cue.lines)))
        for cue in cues(transcript, names, texts, zero=zero)
    ]
    return WebVTT(captions=captions).content.rstrip("\n") + "\n"


def _escape(text: str) -> str:
    # Words and names are untrusted: neither may open a tag, an entity or (by "-->") a cue.
    return html.escape(text, quote=False)


def _time(seconds: float) -> str:
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}.{rest % 1000:03d}"
