"""The temporary folder of one job. It is removed at the end of the job or, if the task was killed, by the next job.

It may hold gigabytes of decoded audio; a worker whose tasks are killed out of memory would otherwise fill its disk.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from mediaindex.printable import logger

PREFIX = "mediaindex-job-"

log = logger(__name__)


@contextmanager
def job_folder() -> Iterator[Path]:
    """An empty folder below the temporary folder, removed at the end of the block, or by a later job."""
    clear_abandoned()
    made = Path(tempfile.mkdtemp(prefix=f".{PREFIX}"))
    with closing(_Lock(made)):
        # Renamed only once it is locked: other jobs remove unlocked folders with this name.
        folder = made.rename(made.with_name(made.name[1:]))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def clear_abandoned() -> None:
    """Remove the folders of jobs whose process has ended."""
    # tempfile ignores TMPDIR if its disk is full, so that folder is cleared first.
    if named := os.environ.get("TMPDIR"):
        _clear(Path(named))
    _clear(Path(tempfile.gettempdir()))


def _clear(parent: Path) -> None:
    for folder in parent.glob(f"{PREFIX}*"):
        # OSError: its process is alive, it belongs to another user, or another job is removing it.
        with suppress(OSError), closing(_Lock(folder)):
            log.warning("%s: removed, because its job was killed", folder)
            shutil.rmtree(folder, ignore_errors=True)


class _Lock:
    """A lock of this process: children do not inherit it, and the kernel releases it when the process ends."""

    def __init__(self, folder: Path) -> None:
        self._handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            if os.fstat(self._handle).st_uid != os.getuid():
                raise PermissionError(f"{folder} belongs to another user")
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        """Release the lock."""
        os.close(self._handle)
