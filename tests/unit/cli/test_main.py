"""What holds for every command."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from mediaindex.cli.main import cli
from tests.builders import corpus


def commands(group: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every command that does something, with its full name."""
    if not hasattr(group, "commands"):
        yield name, group
        return
    for part, command in group.commands.items():
        yield from commands(command, f"{name} {part}".strip())


COMMANDS = dict(commands(typer.main.get_command(cli)))


@pytest.mark.parametrize("name", COMMANDS)
def test_help_is_shown_as_it_is_written(name: str) -> None:
    shown = CliRunner().invoke(cli, [*name.split(), "--help"], env={"COLUMNS": "500", "TERM": "dumb"}).output
    words = " ".join(shown.split())
    for parameter in COMMANDS[name].params:
        help_text = " ".join((getattr(parameter, "help", None) or "").split())
        assert help_text in words  # text in square brackets would be taken for markup, and vanish


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_an_example(name: str) -> None:
    assert "Example" in (COMMANDS[name].help or "")


@pytest.mark.parametrize("name", sorted(set(COMMANDS) - {"stage"}))  # which prints nothing but JSON
def test_every_command_prints_json_on_request(name: str) -> None:
    assert "--json" in {option for parameter in COMMANDS[name].params for option in parameter.opts}


def test_completion_can_be_installed_for_a_shell() -> None:
    command = [sys.executable, "-c", "from mediaindex.cli.main import app; app()", "--show-completion", "bash"]
    # Without this variable the script is for the shell that runs the tests, if one does.
    environment = os.environ | {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True, timeout=300)
    assert "COMPLETE=complete_bash" in done.stdout


def test_a_library_of_the_other_environment_is_named_in_one_line() -> None:
    without = (
        "import sys; sys.modules['numpy'] = None; sys.argv = ['mediaindex', 'index', sys.argv[1], '--out', '/nowhere'];"
        "from mediaindex.cli.main import app; app()"
    )
    command = [sys.executable, "-c", without, str(corpus.readings()[0].path)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert "this command needs numpy" in done.stderr
