"""Errors of a worker without disk space or file descriptors: the folder, its free space and the space needed."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mediaindex.contract.job import FileSource, JobItem
from mediaindex.errors import ErrorCode, TransientError

_DISK = {errno.ENOSPC, errno.EDQUOT}
EXHAUSTED = _DISK | {errno.EMFILE, errno.ENFILE, errno.EIO}
_MB = 1 << 20


def is_exhausted(error: BaseException) -> bool:
    """Whether the error comes from an exhausted worker, not from the recording."""
    # Python found no folder for temporary files in which it could write.
    no_folder = isinstance(error, FileNotFoundError) and "usable temporary directory" in str(error)
    return no_folder or (isinstance(error, OSError) and error.errno in EXHAUSTED)


@contextmanager
def disk_errors(what: str) -> Iterator[None]:
    """Convert errors of an exhausted worker, raised in the block, to TransientError ``worker_exhausted``.

    The block must use the temporary folder; ``what`` begins the message.
    """
    try:
        yield
    except OSError as error:
        if is_exhausted(error):
            raise worker_exhausted(what, error, _temporary()) from error
        raise


def worker_exhausted(what: str, error: OSError, folder: Path, needed: str = "") -> TransientError:
    """The error to raise. ``folder``: where the work was done; ``needed``: the space that the work takes, as text."""
    problem = f"{what}: {error.strerror or error}"
    if error.errno not in _DISK | {errno.ENOENT}:
        return TransientError(
            f"{problem}; check the worker's disk and limits; it is tried again", code=ErrorCode.WORKER_EXHAUSTED
        )
    return TransientError(
        f"{problem}: {_free_space(folder)}{needed}; free space there, or set another TMPDIR; it is tried again",
        code=ErrorCode.WORKER_EXHAUSTED,
    )


def needs(stage: str, item: JobItem) -> str:
    """The disk space that the stage takes for a recording, as text for ``worker_exhausted``."""
    if stage != "normalize":
        return f"; {stage} takes up to 120 MB per hour of the recording"
    own = "" if isinstance(item.source, FileSource) else f"the recording itself ({item.source.size / _MB:.1f} MB) and "
    return (
        f"; normalize takes {own}up to 240 MB per hour of audio, and as much again per channel that is kept and "
        "per further track"
    )


def _temporary() -> Path:
    try:
        return Path(tempfile.gettempdir())
    except FileNotFoundError:
        return Path(os.environ.get("TMPDIR") or "/")


def _free_space(folder: Path) -> str:
    while not folder.exists() or folder.name.lstrip(".").startswith(
        ("mediaindex-", "tmp")
    ):  # temporary folders of jobs
        if folder.parent == folder:
            break
        folder = folder.parent
    usage = shutil.disk_usage(folder)
    return f"{folder} has {usage.free / _MB:.1f} of {usage.total / _MB:.1f} MB free"
