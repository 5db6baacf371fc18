"""Rows of RTTM and CTM files, whose columns are separated by white space.

Names of recordings and speakers may hold white space themselves; the columns are then found by their content. A row
that can be read in two ways is refused.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mediaindex.errors import ConfigError

NOT_GIVEN = "<NA>"
REMEDY = "write _ instead of white space in names"
RTTM_COLUMNS = 10  # at most
CTM_COLUMNS = 8  # at most: recording, channel, start, duration, word, confidence, type, speaker


@dataclass(frozen=True, slots=True)
class Row:
    """A span of a recording (s) with its speaker; ``text``: the word of a CTM."""

    recording: str
    start: float
    end: float
    speaker: str
    text: str = ""


def read_rttm(path: Path, lines: Iterable[str]) -> Iterator[Row]:
    """Rows ``SPEAKER recording channel start duration <NA> <NA> speaker <NA> <NA>``; the last two may be missing.

    Raises ConfigError that names the invalid line.
    """
    for number, parts in _split(lines):
        if parts[0] == "SPEAKER":
            empty = [at for at in range(3, len(parts) - 4) if parts[at + 2 : at + 4] == [NOT_GIVEN, NOT_GIVEN]]
            places = empty or ([3] if len(parts) <= RTTM_COLUMNS else [])
            yield _only(path, number, parts, [row for at in places if (row := _speaker_row(parts, at))])


def read_ctm(path: Path, lines: Iterable[str]) -> Iterator[Row]:
    """Rows ``recording channel start duration word``; NeMo writes the speaker in place of the channel.

    Confidence, type and speaker may follow. All rows are read with names of equally many words, if that is possible.
    """
    rows = [(number, parts, dict(_timed_words(parts))) for number, parts in _split(lines)]
    common = set.intersection(*(set(readings) for _, _, readings in rows)) if rows else set()
    for number, parts, readings in rows:
        chosen = [readings[min(common)]] if common else list(readings.values())
        yield _only(path, number, parts, chosen)


def _split(lines: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    for number, line in enumerate(lines, 1):
        parts = line.split()
        if parts and not line.startswith(";;"):
            yield number, parts


def _speaker_row(parts: Sequence[str], at: int) -> Row | None:
    """The row of an RTTM, if its start is at ``at``."""
    span, names = _span(parts[at : at + 2]), list(parts[at + 4 :])
    while len(names) > 1 and names[-1] == NOT_GIVEN:
        names.pop()
    # A confidence has a decimal point; an integer is a part of the name: "Speaker 1".
    if len(parts) - at - 4 - len(names) < 2 and len(names) > 1 and "." in names[-1] and _number(names[-1]) is not None:
        names.pop()
    if span is None or not names or NOT_GIVEN in names:
        return None
    return Row(" ".join(parts[1 : at - 1]), *span, " ".join(names))


def _timed_words(parts: Sequence[str]) -> Iterator[tuple[int, Row]]:
    """The possible readings of a row of a CTM, by the column of its start."""
    for at in range(2, len(parts) - 2):
        span = _span(parts[at : at + 2])
        if span and all(map(_is_confidence, parts[at + 3 : at + 4])) and len(parts) - at <= CTM_COLUMNS - 2:
            yield at, Row(" ".join(parts[: at - 1]), *span, parts[at - 1], parts[at + 2])


def _is_confidence(part: str) -> bool:
    number = _number(part)
    return part in {"NA", NOT_GIVEN} or (number is not None and 0 <= number <= 1)


def _only(path: Path, number: int, parts: Sequence[str], readings: Sequence[Row]) -> Row:
    if len(readings) == 1:
        return readings[0]
    line = " ".join(parts)
    if readings:
        raise ConfigError(f"{path}, line {number}: {line!r} can be read in {len(readings)} ways; {REMEDY}")
    raise ConfigError(
        f"{path}, line {number}: {line!r} has no recording, start, duration and content in its columns; correct the "
        f"line, and {REMEDY}"
    )


def _span(parts: Sequence[str]) -> tuple[float, float] | None:
    """Start and end (s) of a start and a duration."""
    numbers = [_number(part) for part in parts]
    if len(numbers) < 2 or numbers[0] is None or numbers[1] is None or min(numbers[0], numbers[1]) < 0:
        return None
    return numbers[0], numbers[0] + numbers[1]


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
