from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

# A replacement for the speech environment's Python, with the same command line and the same two files.
HEAD = """#!{python}
import json, os, pathlib, signal, subprocess, sys, time
assert sys.argv[1:6] == ["-u", "-X", "faulthandler", "-m", "mediaindex.runner"], sys.argv
job = json.loads(pathlib.Path(sys.argv[sys.argv.index("--job") + 1]).read_text())
answer = pathlib.Path(sys.argv[sys.argv.index("--result") + 1])
sys.stdout.reconfigure(line_buffering=True)
def item(id, **more):
    return {{"id": id, "status": "done", "audio_sha256": "a" * 64, "fingerprint": "f", **more}}
def write(items, stage=None):
    answer.write_text(json.dumps({{"stage": stage or job["stage"], "items": items}}))
def grandchild():
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
"""


@pytest.fixture
def speech_python(tmp_path: Path) -> Callable[[str], str]:
    """A program with the runner's command line that executes ``body``."""

    def make(body: str) -> str:
        path = tmp_path / "speech-python"
        path.write_text(HEAD.format(python=sys.executable) + body)
        path.chmod(0o755)
        return str(path)

    return make


@pytest.fixture
def plain_environment() -> dict[str, str]:
    return {"PATH": os.environ["PATH"]}
