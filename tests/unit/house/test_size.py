"""Files and functions are small."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
FILES = [path for folder in ("include", "dags", "plugins", "local") for path in (ROOT / folder).rglob("*.py")]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_over_400_lines_and_no_function_over_40(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text.count("\n") <= 400
    functions = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    assert not [f.name for f in functions if (f.end_lineno or 0) - f.lineno >= 40]


def test_few_modules_are_fragments() -> None:
    """A module under 40 lines is usually read with another module, and belongs into it."""
    modules = [path for path in (ROOT / "include").rglob("*.py") if path.name != "__init__.py"]
    assert len([path for path in modules if path.read_text("utf-8").count("\n") < 40]) <= 25
