"""The folder of one job. It ends with the job; where the whole task was killed, the next job clears it away.

It may hold gigabytes of decoded audio, so that a worker whose tasks are killed for want of memory would fill its disk.
"""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

PREFIX = "mediaindex-job-"

log = logging.getLogger(__name__)


@contextmanager
def job_folder() -> Iterator[Path]:
    """An empty folder below the temporary one, removed at the end of the block or, at the latest, by a later job."""
    clear_abandoned()
    made = Path(tempfile.mkdtemp(prefix=f".{PREFIX}"))
    with closing(_Lock(made)):
        # Only under its lock it gets the name by which others take it for a job's.
        folder = made.rename(made.with_name(made.name[1:]))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def clear_abandoned() -> None:
    """Remove the folders of jobs whose process is no more."""
    # Python passes over a temporary folder whose disk is full: so that one first.
    if named := os.environ.get("TMPDIR"):
        _clear(Path(named))
    _clear(Path(tempfile.gettempdir()))


def _clear(place: Path) -> None:
    for folder in place.glob(f"{PREFIX}*"):
        # OSError: its process is alive, it is somebody else's, another job removes it, or nobody can tell.
        with suppress(OSError), closing(_Lock(folder)):
            log.warning("%s: its job was killed; it is removed", folder)
            shutil.rmtree(folder, ignore_errors=True)


class _Lock:
    """Held by this process alone: children do not inherit it, and the kernel lets go when the process dies."""

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
        """Let go."""
        os.close(self._handle)
