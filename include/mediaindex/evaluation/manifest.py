"""Manifests: recordings and their references as JSON Lines with NeMo's field names."""

from __future__ import annotations

import math
from pathlib import Path

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError

from mediaindex.errors import BadMediaError, ConfigError, ErrorCode
from mediaindex.stages.media.commands import HARDENING, Option, Output, convert
from mediaindex.stages.media.process import run

RULE = "each line is a JSON object with audio_filepath and, if known, text, lang, rttm_filepath, ctm_filepath"


class Entry(BaseModel):
    """A line of a manifest. Paths are relative to the manifest. Other fields of NeMo are ignored.

    ``offset`` and ``duration`` (s) select a part of the file; the times in RTTM and CTM are those of the whole file.
    ``channel``: name of a bucket, such as ``telephone``; by default it is derived from the format of the file.
    ``speaker``: the only speaker of the recording; calibration keeps the recordings of a speaker together.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    audio_filepath: Path
    text: str | None = None
    lang: str | None = Field(default=None, validation_alias=AliasChoices("lang", "language", "source_lang"))
    offset: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    duration: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    rttm_filepath: Path | None = None
    ctm_filepath: Path | None = None
    channel: str | None = None
    speaker: str | None = None

    @property
    def is_part(self) -> bool:
        """Whether the line selects a part of its file; without ``offset``, ``duration`` is informative only."""
        return self.offset is not None and (self.offset > 0 or self.duration is not None)

    @property
    def start(self) -> float:
        """The start of the part in its file, in seconds."""
        return (self.offset or 0.0) if self.is_part else 0.0

    @property
    def end(self) -> float:
        """The end of the part in its file, in seconds; infinity for the end of the file."""
        return self.start + self.duration if self.is_part and self.duration else float("inf")


def read_manifest(path: Path) -> list[Entry]:
    """All lines, with absolute paths. Raises ConfigError that names the invalid line or the missing file."""
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
        raise ConfigError(f"{path} lists no recording; {RULE}")
    return entries


def lines_of(path: Path) -> list[str]:
    """The lines of a text file, without a byte order mark. Raises ConfigError if it cannot be read."""
    try:
        # splitlines() would also split at U+2028 and U+0085, which JSON strings may contain.
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
    """The file itself, or its part as FLAC with the same rate and channels. Raises BadMediaError if ffmpeg fails."""
    if not entry.is_part:
        return entry.audio_filepath
    target = folder / f"{number:05d}-{entry.audio_filepath.stem}.flac"
    until: dict[str, Option] = {} if math.isinf(entry.end) else {"t": entry.end - entry.start}
    output = Output(f"file:{target.absolute()}", {"acodec": "flac", "format": "flac"})
    reading = {**HARDENING, "ss": entry.start, **until}
    command = convert(f"file:{entry.audio_filepath.absolute()}", "a:0", [output], reading=reading)
    ended = run(command, LIMIT, lambda _piece: None, name=entry.audio_filepath.name)
    if ended.code != 0:
        raise BadMediaError(
            f"{entry.audio_filepath}: {entry.start:g} s to {entry.end:g} s cannot be extracted: "
            f"{' / '.join(ended.messages[-3:])}",
            code=ErrorCode.PART_NOT_READABLE,
        )
    return target
