"""A separate site for each test, independent of the developer's servers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from local import settings
from local.process import MARK
from local.site import Site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    loaded = settings.load({"MEDIAINDEX_STATE": str(tmp_path / "state"), "MEDIAINDEX_CACHE": str(tmp_path / "cache")})
    return Site(replace(loaded, data=tmp_path / "data", downloads=tmp_path / "downloads", account=None))


@pytest.fixture
def survivors(site: Site) -> Iterator[Callable[[], list[int]]]:
    """Returns the pids of processes that servers of this site started; remaining ones are killed after the test."""

    def find() -> list[int]:
        pids = []
        for process in psutil.process_iter():
            try:
                dead = process.status() == psutil.STATUS_ZOMBIE
                if not dead and process.environ().get(MARK, "").startswith(f"{site.settings.state}:"):
                    pids.append(process.pid)
            except (psutil.Error, OSError):
                continue
        return pids

    yield find
    for pid in find():
        psutil.Process(pid).kill()
