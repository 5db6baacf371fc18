"""A site of its own for each test: no server of the developer's is ever touched."""

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
    """Pids of processes that a server of this site has started; whatever a failed test leaves is killed."""

    def find() -> list[int]:
        found = []
        for process in psutil.process_iter():
            try:
                dead = process.status() == psutil.STATUS_ZOMBIE
                if not dead and process.environ().get(MARK, "").startswith(f"{site.settings.state}:"):
                    found.append(process.pid)
            except (psutil.Error, OSError):
                continue
        return found

    yield find
    for pid in find():
        psutil.Process(pid).kill()
