"""The versions of Airflow: one range in the code, the package's metadata and the documentation."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

pytest.importorskip("airflow", reason="Airflow is in its own environment only")
from airflow import __version__

from mediaindex.errors import ConfigError
from mediaindex.orchestration import versions

ROOT = Path(__file__).parents[3]
RANGE = ">={}.{},<{}.{}".format(*versions.OLDEST, *versions.TOO_NEW)


def test_the_package_asks_for_the_range_and_the_requirements_pin_one_of_it() -> None:
    extra = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]["airflow"]
    assert f"apache-airflow{RANGE}" in extra
    (pin,) = re.findall(r"^apache-airflow==(\S+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    versions.check(pin)


def test_the_documentation_names_the_range() -> None:
    stated = [path.name for path in (ROOT / "docs").rglob("*.md") if f"apache-airflow{RANGE}" in path.read_text()]
    assert "existing-airflow.md" in stated
    others = re.compile(r"apache-airflow[=<>][^`\s]*")
    found = {text for path in (ROOT / "docs").rglob("*.md") for text in others.findall(path.read_text())}
    assert found == {f"apache-airflow{RANGE}"}


@pytest.mark.parametrize("version", [__version__, "3.2.0", "3.3.9", "3.3.0rc1"])
def test_versions_of_the_range_are_accepted(version: str) -> None:
    versions.check(version)


@pytest.mark.parametrize("version", ["2.11.0", "3.1.8", "3.4.0", "4.0.0b1"])
def test_another_version_is_refused(version: str) -> None:
    with pytest.raises(ConfigError, match=f"Airflow {re.escape(version)} is installed"):
        versions.check(version)


def test_a_dag_file_fails_with_one_line_under_another_version() -> None:
    other = (
        "import sys, types; sys.modules['airflow'] = types.ModuleType('airflow'); "
        "sys.modules['airflow'].__version__ = '3.1.8'; import mediaindex.orchestration.defaults"
    )
    done = subprocess.run([sys.executable, "-c", other], capture_output=True, text=True, check=False)
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("mediaindex.errors.ConfigError: Airflow 3.1.8 is installed, and mediaindex needs ")
