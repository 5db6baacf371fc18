"""The variables of the package are read in one module, when they are needed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SETTINGS = ROOT / "include" / "mediaindex" / "settings.py"
PACKAGE = sorted(path for path in (ROOT / "include").rglob("*.py") if path != SETTINGS)
DAGS = sorted((ROOT / "dags").glob("*.py"))


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("file", PACKAGE + DAGS, ids=named)
def test_only_settings_py_names_a_variable_to_read_it(file: Path) -> None:
    texts = {node.value for node in ast.walk(parsed(file)) if isinstance(node, ast.Constant)}
    assert not {
        text for text in texts if isinstance(text, str) and re.fullmatch(r"MEDIAINDEX_[A-Z0-9_]*[A-Z0-9]", text)
    }


@pytest.mark.parametrize("file", PACKAGE, ids=named)
def test_no_module_reads_settings_when_it_is_imported(file: Path) -> None:
    calls = [node for node in at_import(parsed(file)) if isinstance(node, ast.Call)]
    assert not [ast.unparse(call) for call in calls if re.match(r"\w+Settings\.(read|need)\b", ast.unparse(call.func))]


def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text("utf-8"))


def at_import(node: ast.AST) -> Iterator[ast.AST]:
    """Every node that runs when the module is imported: all but the bodies of functions."""
    yield node
    inner = ast.iter_child_nodes(node)
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        inner = iter([*node.args.defaults, *(default for default in node.args.kw_defaults if default)])
    for child in inner:
        yield from at_import(child)
