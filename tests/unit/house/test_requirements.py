"""The compiled requirements files agree with pyproject.toml."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(("extra", "name"), [("airflow", "requirements.txt"), ("speech", "requirements-speech.txt")])
def test_compiling_again_changes_nothing(extra: str, name: str, tmp_path: Path) -> None:
    compiled = shutil.copy(ROOT / name, tmp_path / name)  # existing pins are kept if they still fit
    command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", str(ROOT / "pyproject.toml"), "--extra", extra]
    options = ["--universal", "--python-version", "3.11", "--no-emit-index-url"]
    header = ["--custom-compile-command", "make requirements"]
    subprocess.run([*command, *options, *header, "--output-file", str(compiled)], check=True, cwd=ROOT, timeout=300)
    assert pins(Path(compiled)) == pins(ROOT / name), "run `make requirements` and commit the result"


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-speech.txt"])
def test_every_pin_has_hashes(name: str) -> None:
    """An index, a mirror or a proxy cannot deliver another file."""
    blocks = re.split(r"\n(?=[^ #\n])", (ROOT / name).read_text("utf-8"))
    without = [block.split()[0] for block in blocks if "==" in block.split("\n")[0] and "--hash=sha256:" not in block]
    assert not without


def pins(path: Path) -> list[str]:
    """The pins without their hashes: a publisher may add a file to a version."""
    lines = (line.rstrip(" \\") for line in path.read_text("utf-8").splitlines())
    return [line for line in lines if line and not line.startswith((" ", "#"))]
