"""A real file system of so many bytes, in memory; only root may mount one."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class SmallDisk:
    """Mounted at ``path``."""

    path: Path

    def resize(self, size: int) -> None:
        """It has ``size`` bytes now, in pages of 4 KiB."""
        subprocess.run(["mount", "-o", f"remount,size={size}", str(self.path)], check=True)

    def files(self) -> list[str]:
        """What lies on it."""
        return [str(path.relative_to(self.path)) for path in self.path.rglob("*") if path.is_file()]


@contextmanager
def small_disk(path: Path, size: int) -> Iterator[SmallDisk]:
    """Mounted while the block lasts; skips the test where this user may not."""
    path.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(path)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("only root can mount a small file system to fill")
    try:
        yield SmallDisk(path)
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True)
