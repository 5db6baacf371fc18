"""Read references: speakers (RTTM) and words (CTM), restricted to the evaluated part of the file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mediaindex.errors import ConfigError
from mediaindex.timeline import RESOLUTION, Span, SpeakerSpan, round_to_ms

from . import columns
from .columns import Row
from .manifest import Entry, lines_of

SHOWN = 5  # recordings that a message names


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
    """Speaker spans of an RTTM."""
    rows = list(columns.read_rttm(path, lines_of(path)))
    for row in _of_recording(rows, entry, path):
        start, end = max(row.start, entry.start), min(row.end, entry.end)
        if end - start >= RESOLUTION:
            yield SpeakerSpan(round_to_ms(start - entry.start), round_to_ms(end - entry.start), row.speaker)


def _words(entry: Entry, path: Path) -> Iterator[SpokenWord]:
    """Words of a CTM, in order."""
    rows = _of_recording(list(columns.read_ctm(path, lines_of(path))), entry, path)
    for row in sorted(rows, key=lambda row: (row.start, row.end)):
        if entry.start <= row.start and row.end <= entry.end:
            begin = round_to_ms(row.start - entry.start)
            # Aligners write words of zero duration, which the timeline does not allow.
            end = max(round_to_ms(row.end - entry.start), round_to_ms(begin + RESOLUTION))
            yield SpokenWord(begin, end, row.text, row.speaker)


def _of_recording(rows: list[Row], entry: Entry, path: Path) -> list[Row]:
    """Rows about this recording: all rows if the file has one recording, else those with the audio file's stem."""
    names = list(dict.fromkeys(row.recording for row in rows))
    if len(names) < 2:
        return rows
    stem = entry.audio_filepath.stem
    # White space separates columns, so that some programs, our own export too, write "_" instead.
    name = next((name for name in (stem, "_".join(stem.split())) if name in names), None)
    if name is None:
        shown = ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")
        raise ConfigError(
            f"{path} is about {len(names)} recordings ({shown}), none of which is {stem}: "
            f"use the name of the audio file without its suffix"
        )
    return [row for row in rows if row.recording == name]
