"""Servers on free ports and in a temporary folder, independent of other running servers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from local.process import MARK
from tests.builders.free_ports import free_port

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Commands:
    """``python -m local``, as a user runs it."""

    environment: dict[str, str]

    @property
    def state(self) -> Path:
        return Path(self.environment["MEDIAINDEX_STATE"])

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        argv = [sys.executable, "-m", "local", *arguments]
        pipe = subprocess.PIPE
        return subprocess.Popen(argv, cwd=ROOT, env=self.environment, stdout=pipe, stderr=pipe, text=True)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        process = self.start(*arguments)
        out, err = process.communicate(timeout=300)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def survivors(self) -> list[str]:
        """Names of running server processes, except PostgreSQL's children, which hide the variable MARK."""
        names = []
        for process in psutil.process_iter():
            try:
                if process.environ().get(MARK, "").startswith(f"{self.state}:"):
                    names.append(process.name())
            except (psutil.Error, OSError):
                continue
        return names

    def port(self, name: str) -> int:
        return int(self.environment[f"MEDIAINDEX_PORT_{name.upper()}"])


@pytest.fixture
def local() -> Iterator[Commands]:
    if not shutil.which("java") or not Path("/usr/lib/postgresql").exists():
        pytest.skip("Java or PostgreSQL is not installed: run `make setup`")
    folder = Path(tempfile.mkdtemp(prefix="mediaindex-test-"))
    folder.chmod(0o755)  # so that the servers' user can reach it
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("MEDIAINDEX_", "AIRFLOW", "AWS_"))}
    if "MEDIAINDEX_CACHE" in os.environ:
        inherited["MEDIAINDEX_CACHE"] = os.environ["MEDIAINDEX_CACHE"]
    servers = ("POSTGRES", "ELASTICSEARCH", "S3", "SQS", "AIRFLOW")
    ports = {f"MEDIAINDEX_PORT_{name}": str(free_port()) for name in servers}
    commands = Commands({**inherited, **ports, "MEDIAINDEX_STATE": str(folder / "state")})
    yield commands
    commands.run("erase")
    left = commands.survivors()
    shutil.rmtree(folder, ignore_errors=True)
    assert left == []
