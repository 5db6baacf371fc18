"""One process at a time makes a thing that several want."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def exclusive(target: Path) -> Iterator[None]:
    """Hold the lock beside ``target``, whose parent is created; the operating system frees it if the process dies."""
    from filelock import FileLock  # speech environment only

    target.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(target.with_name(f".{target.name}.lock")):
        yield
