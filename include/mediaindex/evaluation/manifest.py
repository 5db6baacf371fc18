"""Recordings and their references: JSON Lines with NeMo's field names."""

from __future__ import annotations

import math
from pathlib import Path

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError

from mediaindex.errors import BadMediaError, ConfigError, ErrorCode
from mediaindex.stages.media.commands import HARDENING, Option, Output, convert
from mediaindex.stages.media.process import run

RULE = "each line is a JSON object with audio_filepath and, as far as known, text, lang, rttm_filepath, ctm_filepath"


class Entry(BaseModel):
    """One line. Paths are relative to the manifest. Other fields of NeMo's are allowed and ignored.

    ``offset`` and ``duration`` (s) choose a part of the file; the times of RTTM and CTM are those of the whole file.
    ``channel`` names a bucket (``telephone``); without it the file's own format does.
    ``speaker``: who speaks in all of it; calibration keeps a speaker's recordings together.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    audio_filepath: Path
    text: str | None = None
    lang: str | None = Field(None, validation_alias=AliasChoices("lang", "language", "source_lang"))
    offset: float | None = Field(None, ge=0, allow_inf_nan=False)
    duration: float | None = Field(None, gt=0, allow_inf_nan=False)
    rttm_filepath: Path | None = None
    ctm_filepath: Path | None = None
    channel: str | None = None
    speaker: str | None = None

    @property
    def is_part(self) -> bool:
        """Whether the line names a part of its file: without ``offset``, ``duration`` only informs."""
        return self.offset is not None and (self.offset > 0 or self.duration is not None)

    @property
    def start(self) -> float:
        """Where the part begins in its file, in seconds."""
        return (self.offset or 0.0) if self.is_part else 0.0

    @property
    def end(self) -> float:
        """Where the part ends in its file, in seconds; infinity for the file's end."""
        return self.start + self.duration if self.is_part and self.duration else float("inf")


def read_manifest(path: Path) -> list[Entry]:
    """Every line, its paths made absolute; ConfigError names the line that is wrong, or the file that is not there."""
    entries = []
    for number, line in enumerate(lines_of(path), 1):
        if not line.strip():
            continue
        try:
            entry = Entry.model_validate_json(line)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise ConfigError(f"{path}, line {number}: {place or 'the line'}: {first['msg']}; {RULE}") from error
        entries.append(_resolved(entry, path, number))
    if not entries:
        raise ConfigError(f"{path} names no recording; {RULE}")
    return entries


def lines_of(path: Path) -> list[str]:
    """The lines of a text file, without a byte order mark; ConfigError where it cannot be read."""
    try:
        # splitlines() would also cut at U+2028 and U+0085, which JSON text may hold.
        return path.read_text("utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read as UTF-8 text: {error}") from error


def _resolved(entry: Entry, manifest: Path, number: int) -> Entry:
    changed = {}
    for field in ("audio_filepath", "rttm_filepath", "ctm_filepath"):
        given = getattr(entry, field)
        if given is None:
            continue
        changed[field] = (manifest.parent / given).absolute()
        if not changed[field].is_file():
            raise ConfigError(f"{manifest}, line {number}: {field}: {changed[field]} is not a file")
    return entry.model_copy(update=changed)


LIMIT = 600.0  # s that ffmpeg may take for one part


def part_of(entry: Entry, folder: Path, number: int) -> Path:
    """The recording itself, or its part as FLAC in ``folder``; rate and channels stay. BadMediaError where it fails."""
    if not entry.is_part:
        return entry.audio_filepath
    target = folder / f"{number:05d}-{entry.audio_filepath.stem}.flac"
    until: dict[str, Option] = {} if math.isinf(entry.end) else {"t": entry.end - entry.start}
    output = Output(f"file:{target}", {"acodec": "flac", "format": "flac"})
    reading = {**HARDENING, "ss": entry.start, **until}
    command = convert(f"file:{entry.audio_filepath}", "a:0", [output], reading=reading)
    ended = run(command, LIMIT, lambda _piece: None, name=entry.audio_filepath.name)
    if ended.code != 0:
        raise BadMediaError(
            f"{entry.audio_filepath}: {entry.start:g} s to {entry.end:g} s cannot be cut out: "
            f"{' / '.join(ended.messages[-3:])}",
            code=ErrorCode.PART_NOT_READABLE,
        )
    return target
