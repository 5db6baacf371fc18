"""Options that several commands share, read into the runner's own types."""

from __future__ import annotations

import errno
import os
import re
import tempfile
from pathlib import Path

import typer

from mediaindex.contract.job import FolderStore, Hints, RawFormat
from mediaindex.errors import ConfigError
from mediaindex.settings import ModelSettings

_CODE = re.compile(r"[a-z]{2,3}")


def read_languages(given: list[str]) -> list[str]:
    """The codes alone, "en" of "en-US" and "EN"; BadParameter for what is none: recognisers would know nobody by it."""
    codes = [re.split("[-_]", one.strip().lower())[0] for one in given]
    for one, code in zip(given, codes, strict=True):
        if not _CODE.fullmatch(code):
            raise typer.BadParameter(f"{one!r} is no code of ISO 639-1; give en for English, de for German")
    return codes


LANGUAGE = typer.Option(
    [],
    "--language",
    "-l",
    callback=read_languages,
    help="Allow this language only (ISO 639-1, like en); may be repeated.",
)
SPEAKERS = typer.Option(None, "--speakers", min=1, help="How many people speak, if you know.")
RAW = typer.Option(
    None, "--raw", help="The files are headerless: FORMAT:RATE:CHANNELS as ffmpeg names it, like s16le:16000:1."
)
PARTY_A_CHANNEL = typer.Option(
    False, "--party-a-channel", help="Calls with one speaker per channel: the channel is the speaker."
)
VOCABULARY = typer.Option(
    None,
    "--vocabulary",
    exists=True,
    dir_okay=False,
    help="A text file of names and terms, one a line, that are preferred to what sounds like them.",
)
CACHE = typer.Option(
    None, "--cache", help="Where results of stages are kept  [default: ~/.cache/mediaindex/artifacts]."
)


def read_hints(
    language: list[str],
    speakers: int | None,
    raw: str | None,
    *,
    party_a_channel: bool = False,
    vocabulary: Path | None = None,
) -> Hints:
    """Hints from the shared options; BadParameter where the raw format is not of its form."""
    return Hints(
        languages=tuple(language),
        speakers=speakers,
        raw_format=_read_raw(raw) if raw else None,
        party_a_channel=party_a_channel,
        vocabulary=_read_terms(vocabulary) if vocabulary else (),
    )


def _read_terms(path: Path) -> tuple[str, ...]:
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise typer.BadParameter(f"--vocabulary {path}: not UTF-8 text; one name or term a line") from error
    return tuple(line.strip() for line in lines if line.strip())


def _read_raw(raw: str) -> RawFormat:
    name, *numbers = raw.split(":")
    if len(numbers) != 2 or not all(number.isdigit() for number in numbers):
        raise typer.BadParameter(f"--raw {raw}: give FORMAT:RATE:CHANNELS, like s16le:16000:1")
    return RawFormat(format=name, sample_rate=int(numbers[0]), channels=int(numbers[1]))


def store_at(cache: Path | None) -> FolderStore:
    """The folder that keeps artifacts between runs."""
    return FolderStore(path=str(cache or ModelSettings.read().cache / "artifacts"))


def check_file(path: Path) -> None:
    """Make the file's folder; ConfigError where the file cannot be written."""
    if not path.exists():
        check_folder(path.parent)
    elif not os.access(path, os.W_OK):  # opening would disturb a pipe
        raise _refused(path, os.strerror(errno.EACCES))


def check_folder(folder: Path) -> None:
    """Make the folder; ConfigError where no file can be made in it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise _refused(folder, error.strerror or str(error)) from error


def _refused(path: Path, reason: str) -> ConfigError:
    return ConfigError(f"{path} cannot be written: {reason}; name another place")
