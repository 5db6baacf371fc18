"""Can a result be written where the user wants it? Asked before the work, not after hours of it."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

from mediaindex.errors import ConfigError


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
