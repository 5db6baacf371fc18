"""Read references: speakers (RTTM) and words (CTM), restricted to the evaluated part of the file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mediaindex.errors import ConfigError
from mediaindex.timeline import Span, SpeakerSpan, TimelineError, round_to_ms

from .manifest import Entry, lines_of

SHOWN = 5  # recordings that a message names

Row = tuple[int, list[str]]  # a line's number, and its columns


@dataclass(frozen=True, slots=True)
class SpokenWord(Span):
    """A word of the reference; ``text`` is not normalised."""

    text: str
    speaker: str


@dataclass(frozen=True, slots=True)
class Reference:
    """The expected results; None if the manifest has no reference. Times count from the start of the part."""

    text: str | None
    lang: str | None
    speakers: tuple[SpeakerSpan, ...] | None
    words: tuple[SpokenWord, ...] | None


def read_reference(entry: Entry) -> Reference:
    """The references of the line; without ``text``, the text of the CTM is used."""
    speakers = tuple(_speakers(entry, entry.rttm_filepath)) if entry.rttm_filepath else None
    words = tuple(_words(entry, entry.ctm_filepath)) if entry.ctm_filepath else None
    text = entry.text
    if text is None and words is not None:
        text = " ".join(word.text for word in words)
    return Reference(text, entry.lang, speakers, words)


def _speakers(entry: Entry, path: Path) -> Iterator[SpeakerSpan]:
    """Speaker spans of rows ``SPEAKER recording channel start duration <NA> <NA> speaker``."""
    rows = [row for row in _rows(path, least=8) if row[1][0] == "SPEAKER"]
    for number, columns in _of_recording(rows, 1, entry, path):
        start, end = _times(path, number, columns[3:5])
        start, end = max(start, entry.start), min(end, entry.end)
        if end - start >= 0.001:
            yield SpeakerSpan(round_to_ms(start - entry.start), round_to_ms(end - entry.start), columns[7])


def _words(entry: Entry, path: Path) -> Iterator[SpokenWord]:
    """Words of rows ``recording speaker start duration word``; NeMo writes the speaker in place of the channel."""
    selected = _of_recording(list(_rows(path, least=5)), 0, entry, path)
    rows = [(_times(path, number, columns[2:4]), columns) for number, columns in selected]
    for (start, end), columns in sorted(rows, key=lambda row: row[0]):
        if entry.start <= start and end <= entry.end:
            begin = round_to_ms(start - entry.start)
            # Aligners write words of zero duration, which the timeline does not allow.
            yield SpokenWord(
                begin, max(round_to_ms(end - entry.start), round_to_ms(begin + 0.001)), columns[4], columns[1]
            )


def _of_recording(rows: list[Row], column: int, entry: Entry, path: Path) -> list[Row]:
    """Rows about this recording: all rows if the file has one recording, else those with the audio file's stem."""
    names = list(dict.fromkeys(columns[column] for _, columns in rows))
    if len(names) < 2:
        return rows
    name = entry.audio_filepath.stem
    if name not in names:
        shown = ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")
        raise ConfigError(
            f"{path} is about {len(names)} recordings ({shown}), none of which is {name}: "
            f"use the name of the audio file without its suffix"
        )
    return [row for row in rows if row[1][column] == name]


def _rows(path: Path, least: int) -> Iterator[Row]:
    for number, line in enumerate(lines_of(path), 1):
        columns = line.split()
        if not columns or line.startswith(";;"):
            continue
        if len(columns) < least:
            raise ConfigError(f"{path}, line {number}: {len(columns)} columns; at least {least} are needed")
        yield number, columns


def _times(path: Path, number: int, columns: list[str]) -> tuple[float, float]:
    try:
        start, length = (float(column) for column in columns)
        Span(start, start + max(length, 0.001))
    except (ValueError, TimelineError) as error:
        raise ConfigError(
            f"{path}, line {number}: {' '.join(columns)} is not a start and duration in seconds"
        ) from error
    return start, start + length
