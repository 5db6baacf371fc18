from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.table import Table
from rich.text import Text
from typer.testing import CliRunner

from mediaindex.cli.main import cli
from mediaindex.cli.terminal import Terminal, say, say_json

HOSTILE = "a\x1b]0;owned\x07\x1b[2J\u202eb\x9b31m"


def is_harmless(text: str) -> bool:
    return text.replace("\n", "").isprintable()


def test_a_console_shows_no_control_character_of_a_text() -> None:
    output = io.StringIO()
    console = Terminal(file=output, width=60)
    table = Table()
    table.add_column(HOSTILE)
    table.add_row(Text(HOSTILE))
    console.print(HOSTILE, markup=False)
    console.print(Text(HOSTILE), table)
    console.rule(HOSTILE)
    assert is_harmless(output.getvalue())
    assert output.getvalue().count("owned") >= 4


def test_the_colours_of_the_console_are_kept() -> None:
    output = io.StringIO()
    Terminal(file=output, force_terminal=True, color_system="standard").print(Text("red", "red"), highlight=False)
    assert output.getvalue() == "\x1b[31mred\x1b[0m\n"


def test_messages_about_arguments_are_harmless(tmp_path: Path) -> None:
    folder = tmp_path / "a\x1b[2J\u202eb"
    folder.mkdir()
    result = CliRunner().invoke(cli, ["index", str(folder), "--out", str(tmp_path)])
    assert result.exit_code == 2
    assert "directory" in result.output
    assert "\x1b[2J" not in result.output
    assert "\u202e" not in result.output


def test_lines_and_json_are_harmless_and_json_is_exact(capsys: pytest.CaptureFixture[str]) -> None:
    say(HOSTILE)
    say(HOSTILE, error=True)
    captured = capsys.readouterr()
    assert is_harmless(captured.out)
    assert is_harmless(captured.err)
    say_json({"key": HOSTILE})
    document = capsys.readouterr().out
    assert is_harmless(document)
    assert json.loads(document) == {"key": HOSTILE}
