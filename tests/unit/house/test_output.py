"""What is printed or logged goes through the modules that make it printable."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[3] / "include" / "mediaindex"
FILES = sorted(PACKAGE.rglob("*.py"))
# The only callers of each function; a parser in a process of its own answers on standard output, in JSON.
CALLERS = {
    "print": {"cli/terminal.py"},
    "Console": set(),
    "getLogger": {"printable.py", "orchestration/child.py"},
    "sys.stdout.write": {"feeds/parse.py"},
    "sys.stderr.write": set(),
}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_output_goes_through_one_module(path: Path) -> None:
    nodes = ast.walk(ast.parse(path.read_text("utf-8")))
    called = {ast.unparse(node.func) for node in nodes if isinstance(node, ast.Call)}
    place = path.relative_to(PACKAGE).as_posix()
    wrong = {
        name
        for name, allowed in CALLERS.items()
        for function in called
        if place not in allowed and (function == name or (function.endswith(f".{name}") and name != "print"))
    }
    assert not wrong
