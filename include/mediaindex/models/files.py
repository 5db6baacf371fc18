"""sha256 of files and directories, cached for unchanged files, and a lock between processes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path


def file_digest(path: Path) -> str:
    """The sha256 of the bytes of a file, in hex."""
    status = path.stat()
    return _file_digest(path, status.st_size, status.st_mtime_ns)


def tree_digest(root: Path) -> str:
    """The sha256 over the names and digests of all files below ``root``, in order of name, in hex."""
    whole = hashlib.sha256()
    for path in sorted(p for p in root.rglob("*") if p.is_file()):
        whole.update(f"{path.relative_to(root).as_posix()}\0{file_digest(path)}\n".encode())
    return whole.hexdigest()


@lru_cache(maxsize=256)
def _file_digest(path: Path, _size: int, _mtime_ns: int) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextmanager
def exclusive(target: Path) -> Iterator[None]:
    """Hold a lock file beside ``target``, creating its parent; the operating system releases it if the process dies."""
    from filelock import FileLock  # speech environment only

    target.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(target.with_name(f".{target.name}.lock")):
        yield
