"""The system user of the data servers, if the caller is root: PostgreSQL and Elasticsearch refuse to run as root."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from mediaindex.errors import ConfigError

NAME = "mediaindex"


@dataclass(frozen=True)
class Account:
    """An unprivileged system user."""

    uid: int
    gid: int


def service_account() -> Account | None:
    """The system user, created if it is missing; None without root, as the servers then run as the current user."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(NAME)
    except KeyError:
        _create()
        entry = pwd.getpwnam(NAME)
    return Account(entry.pw_uid, entry.pw_gid)


def _create() -> None:
    command = ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", NAME]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode not in (0, 9):  # 9: another process has just created it
        raise ConfigError(f"The system user '{NAME}' could not be created: {made.stderr.strip()}. Create it manually.")


def reachable(path: Path) -> bool:
    """Whether other users can reach ``path``: all existing folders above it allow search by others."""
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in path.parents if folder.exists())


def make_folder(path: Path, account: Account | None, mode: int = 0o700) -> Path:
    """Create a folder that belongs to ``account``. New folders above it allow search by others."""
    for folder in reversed(path.parents):
        if not folder.exists():
            folder.mkdir(exist_ok=True)
            folder.chmod(0o755)  # whatever the umask
    path.mkdir(exist_ok=True)
    path.chmod(mode)
    give(path, account)
    return path


def give(path: Path, account: Account | None) -> None:
    """Make ``account`` the owner, unless it is None."""
    if account is not None:
        shutil.chown(path, account.uid, account.gid)


def write_private(path: Path, text: str, account: Account | None) -> None:
    """Write a file that only ``account`` can read; it is at no time readable by others."""
    beside = path.with_name(f"{path.name}.new")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    give(beside, account)
    beside.replace(path)
