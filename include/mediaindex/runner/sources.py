"""The recording itself, on this machine: fetched from S3, or already a file."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from mediaindex.errors import BadMediaError

from .job import FileSource, ObjectSource

if TYPE_CHECKING:
    from mediaindex.storage.media import Downloader


def identity(source: ObjectSource | FileSource) -> str:
    """What makes this source the same one again, as a hex digest: an object's version, or a file's bytes."""
    if isinstance(source, FileSource):
        path = Path(source.path)
        try:
            with path.open("rb") as stream:
                return hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            raise BadMediaError(
                f"{path}: {error.strerror}; name a file that can be read", code="not_readable"
            ) from error
    version = source.version_id or source.etag
    return hashlib.sha256(f"s3://{source.bucket}/{source.key}@{version}".encode()).hexdigest()


def local_path(source: ObjectSource | FileSource, folder: Path, downloader: Downloader) -> Path:
    """A path that holds the recording; an object is downloaded into ``folder`` under a name of ours."""
    if isinstance(source, FileSource):
        return Path(source.path)
    # The key is somebody else's text: only a plain extension survives, as a hint for people reading logs.
    suffix = Path(source.key).suffix
    target = folder / f"source{suffix if suffix[1:].isalnum() and len(suffix) < 8 else ''}"
    downloader(source, target)
    return target
