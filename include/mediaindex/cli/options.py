"""Options that several commands share, read into the runner's own types."""

from __future__ import annotations

import os
from pathlib import Path

import typer

from mediaindex.runner.job import FolderStore, Hints, RawFormat

LANGUAGE = typer.Option([], "--language", "-l", help="Allow this language only (ISO 639-1, like en); may be repeated.")
SPEAKERS = typer.Option(None, "--speakers", min=1, help="How many people speak, if you know.")
RAW = typer.Option(
    None, "--raw", help="The files are headerless: FORMAT:RATE:CHANNELS as ffmpeg names it, like s16le:16000:1."
)
CACHE = typer.Option(
    None, "--cache", help="Where results of stages are kept  [default: ~/.cache/mediaindex/artifacts]."
)


def read_hints(language: list[str], speakers: int | None, raw: str | None) -> Hints:
    """Hints from the shared options; BadParameter where the raw format is not of its form."""
    return Hints(languages=tuple(language), speakers=speakers, raw_format=_read_raw(raw) if raw else None)


def _read_raw(raw: str) -> RawFormat:
    name, *numbers = raw.split(":")
    if len(numbers) != 2 or not all(number.isdigit() for number in numbers):
        raise typer.BadParameter(f"--raw {raw}: give FORMAT:RATE:CHANNELS, like s16le:16000:1")
    return RawFormat(format=name, sample_rate=int(numbers[0]), channels=int(numbers[1]))


def store_at(cache: Path | None) -> FolderStore:
    """The folder that keeps artifacts between runs."""
    root = Path(os.environ.get("MEDIAINDEX_CACHE") or "~/.cache/mediaindex").expanduser()
    return FolderStore(path=str(cache or root / "artifacts"))
