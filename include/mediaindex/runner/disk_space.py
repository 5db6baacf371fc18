"""What to say where a worker has used up its disk or its open files: where, how much there is, how much it takes."""

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
    """Whether the worker is at fault, and not what it works on."""
    # Python found no folder at all in which it could write one byte.
    no_folder = isinstance(error, FileNotFoundError) and "usable temporary directory" in str(error)
    return no_folder or (isinstance(error, OSError) and error.errno in EXHAUSTED)


@contextmanager
def room_errors(what: str) -> Iterator[None]:
    """Raise such errors of the block, which works in the temporary folder, as TransientError ``worker_exhausted``."""
    try:
        yield
    except OSError as error:
        if is_exhausted(error):
            raise no_room(what, error, _temporary()) from error
        raise


def no_room(what: str, error: OSError, folder: Path, needed: str = "") -> TransientError:
    """The error for people; ``folder`` is where the work was done, ``needed`` says what that takes."""
    said = f"{what}: {error.strerror or error}"
    if error.errno not in _DISK | {errno.ENOENT}:
        return TransientError(
            f"{said}; look at the worker's disk and limits, it is tried again", code=ErrorCode.WORKER_EXHAUSTED
        )
    return TransientError(
        f"{said}: {_room(folder)}{needed}; make room there, or give the workers another TMPDIR; it is tried again",
        code=ErrorCode.WORKER_EXHAUSTED,
    )


def needs(stage: str, item: JobItem) -> str:
    """What the stage keeps on disk while it works on a recording."""
    if stage != "normalize":
        return f"; {stage} takes up to 120 MB for each hour of the recording"
    own = "" if isinstance(item.source, FileSource) else f"the recording itself ({item.source.size / _MB:.1f} MB) and "
    return f"; normalize takes {own}up to 240 MB for each hour of it, the same again for each channel that is kept"


def _temporary() -> Path:
    try:
        return Path(tempfile.gettempdir())
    except FileNotFoundError:
        return Path(os.environ.get("TMPDIR") or "/")


def _room(folder: Path) -> str:
    while not folder.exists() or folder.name.lstrip(".").startswith(("mediaindex-", "tmp")):  # our own, soon gone
        if folder.parent == folder:
            break
        folder = folder.parent
    usage = shutil.disk_usage(folder)
    return f"{folder} has {usage.free / _MB:.1f} of {usage.total / _MB:.1f} MB left"
