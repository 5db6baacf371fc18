"""Access to the recording on this machine: a local file, or an object downloaded from S3."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING

from mediaindex.contract.job import FileSource, ObjectSource
from mediaindex.errors import BadMediaError, ErrorCode
from mediaindex.stages.media.refusals import check_file

if TYPE_CHECKING:
    from mediaindex.storage.media import Downloader

LONGEST_NAME = 60  # characters: at most 240 bytes in UTF-8, and file systems take 255


def identity(source: ObjectSource | FileSource) -> str:
    """A hex digest that identifies the source: of an object's version, or of a file's bytes."""
    if isinstance(source, FileSource):
        path = Path(source.path)
        check_file(path)  # reading a pipe would wait for its writer
        try:
            with path.open("rb") as stream:
                return hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            raise BadMediaError(
                f"{path}: {error.strerror}; give a file that can be read", code=ErrorCode.NOT_READABLE
            ) from error
    version = source.version_id or source.etag
    return hashlib.sha256(f"s3://{source.bucket}/{source.key}@{version}".encode()).hexdigest()


def local_path(source: ObjectSource | FileSource, folder: Path, downloader: Downloader) -> Path:
    """The path of the recording; an object is downloaded into its own folder inside ``folder``.

    Messages name the recording by the last part of the path, so it keeps as much of the key as a file name safely can.
    """
    if isinstance(source, FileSource):
        return Path(source.path)
    target = folder / "source" / file_name(source.key)
    target.parent.mkdir()
    downloader(source, target)
    return target


def file_name(key: str) -> str:
    """A safe file name that resembles the key, which is untrusted text."""
    name = re.sub(r"[^\w.\- ]", "_", key.rpartition("/")[2])[-LONGEST_NAME:].lstrip(".- ")
    return name or "recording"
