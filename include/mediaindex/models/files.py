"""sha256 of files and directories, remembered for files that did not change."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path


def file_digest(path: Path) -> str:
    """sha256 of the file's bytes, hex."""
    facts = path.stat()
    return _file_digest(path, facts.st_size, facts.st_mtime_ns)


def tree_digest(root: Path) -> str:
    """sha256 over the names and digests of all files below ``root``, in order of name, hex."""
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
    """Hold the lock beside ``target``, whose parent is created; the operating system frees it if the process dies."""
    from filelock import FileLock  # speech environment only

    target.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(target.with_name(f".{target.name}.lock")):
        yield
