"""Options that several commands share, and their conversion to the runner's types."""

from __future__ import annotations

import errno
import getpass
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mediaindex.contract.job import FolderStore, Hints, RawFormat
from mediaindex.contract.settings import TrackPolicy
from mediaindex.errors import ConfigError
from mediaindex.settings import ModelSettings, ServerSettings, StorageSettings

if TYPE_CHECKING:
    from mediaindex.upkeep.erasing import Stores


_CODE = re.compile(r"[a-z]{2,3}")
DATES = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]
OBJECT_NAMES = "Object keys, ids as `mediaindex ledger list` shows them, s3://bucket/key, or links of a search."
AS_JSON = typer.Option(False, "--json", help="Print JSON.")
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Yes = Annotated[
    bool, typer.Option("--yes", "-y", help="Make the changes; without this option they are only described.")
]


def read_languages(given: list[str]) -> list[str]:
    """Language codes without their region: "en" for "en-US" and "EN". Raises BadParameter if one is malformed."""
    codes = [re.split("[-_]", language.strip().lower())[0] for language in given]
    for language, code in zip(given, codes, strict=True):
        if not _CODE.fullmatch(code):
            raise typer.BadParameter(f"{language!r} is not an ISO 639-1 code; write en for English, de for German")
    return codes


LANGUAGE = typer.Option(
    [],
    "--language",
    "-l",
    callback=read_languages,
    help="Allow only this language (ISO 639-1 code, such as en); may be repeated.",
)
SPEAKERS = typer.Option(None, "--speakers", min=1, help="The number of speakers, if it is known.")
RAW = typer.Option(
    None,
    "--raw",
    help="The files have no header: FORMAT:RATE:CHANNELS with ffmpeg's name of the format, such as s16le:16000:1.",
)
PARTY_A_CHANNEL = typer.Option(
    False, "--party-a-channel", help="Each channel carries one speaker, as in recorded calls: label words by channel."
)
TRACKS = typer.Option(
    None,
    "--tracks",
    help="The audio tracks to use of a file: mix (all that belong together), first (the main one) or each (all, as a "
    "speaker each). By default mix.",
    show_default=False,
)
VOCABULARY = typer.Option(
    None,
    "--vocabulary",
    exists=True,
    dir_okay=False,
    help="A text file of names and terms, one per line, to prefer over words that sound similar.",
)
CACHE = typer.Option(
    None, "--cache", help="The folder that keeps results of stages; by default ~/.cache/mediaindex/artifacts."
)


def read_hints(
    language: list[str],
    speakers: int | None,
    raw: str | None,
    *,
    party_a_channel: bool = False,
    tracks: TrackPolicy | None = None,
    vocabulary: Path | None = None,
) -> Hints:
    """Hints from the shared options. Raises BadParameter if the raw format or the vocabulary is malformed."""
    return Hints(
        languages=tuple(language),
        speakers=speakers,
        raw_format=_read_raw(raw) if raw else None,
        party_a_channel=party_a_channel,
        tracks=tracks,
        vocabulary=_read_terms(vocabulary) if vocabulary else (),
    )


def _read_terms(path: Path) -> tuple[str, ...]:
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise typer.BadParameter(f"--vocabulary {path}: not UTF-8; save it as UTF-8, one term per line") from error
    return tuple(line.strip() for line in lines if line.strip())


def _read_raw(raw: str) -> RawFormat:
    name, *numbers = raw.split(":")
    if len(numbers) != 2 or not all(number.isdigit() for number in numbers):
        raise typer.BadParameter(f"--raw {raw}: write FORMAT:RATE:CHANNELS, such as s16le:16000:1")
    return RawFormat(format=name, sample_rate=int(numbers[0]), channels=int(numbers[1]))


def store_at(cache: Path | None) -> FolderStore:
    """The folder that keeps artifacts between runs."""
    return FolderStore(path=str(cache or ModelSettings.read().cache / "artifacts"))


def check_file(path: Path) -> None:
    """Create the file's folder. Raises ConfigError if the file cannot be written."""
    if not path.exists():
        check_folder(path.parent)
    elif not os.access(path, os.W_OK):  # not opened: that would disturb a pipe
        raise _not_writable(path, os.strerror(errno.EACCES))


def check_folder(folder: Path) -> None:
    """Create the folder. Raises ConfigError if no file can be created in it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise _not_writable(folder, error.strerror or str(error)) from error


def _not_writable(path: Path, reason: str) -> ConfigError:
    return ConfigError(f"{path} cannot be written: {reason}; choose another path")


LOCAL = 'For the servers of `make up`: eval "$(.venv-airflow/bin/python -m local env)"'


@contextmanager
def catalog(command: str) -> Iterator[Any]:
    """A connection to the catalog; the ledger records the command and its user. Raises ConfigError if no URL is set."""
    from mediaindex.catalog.base.connection import connect
    from mediaindex.catalog.ledger.lines import act_as

    with connect(ServerSettings.need("database_url", LOCAL)) as conn:
        act_as(conn, f"mediaindex {command}, {getpass.getuser()}")
        yield conn


@contextmanager
def all_stores(command: str) -> Iterator[Stores]:
    """Catalog, Elasticsearch and S3. Raises ConfigError if the address of one is not set."""
    from mediaindex.search import from_environment
    from mediaindex.storage.client import s3_client
    from mediaindex.upkeep.erasing import Stores

    artifacts = StorageSettings.need("artifacts_bucket", LOCAL)
    search = from_environment()
    with catalog(command) as conn:
        yield Stores(conn, search, s3_client(), artifacts)
