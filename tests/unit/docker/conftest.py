"""The files of docker/, as data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml


@pytest.fixture(scope="session")
def checkout() -> Path:
    return Path(__file__).parents[3]


@pytest.fixture(scope="session")
def compose(checkout: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((checkout / "docker" / "compose.yaml").read_text())
    return content


@pytest.fixture(scope="session")
def pins(checkout: Path) -> dict[str, str]:
    """Name to version, of both compiled requirements files."""
    lines = (checkout / "requirements.txt").read_text() + (checkout / "requirements-speech.txt").read_text()
    pinned = [line.split(";")[0].rstrip(" \\").partition("==") for line in lines.splitlines() if "==" in line]
    return {name.partition("[")[0]: version for name, _, version in pinned if not name.startswith(("#", " "))}
