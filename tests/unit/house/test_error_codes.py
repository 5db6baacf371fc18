"""Errors have codes of the list, and the failure class that the list has for the code."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from mediaindex.errors import ErrorCode, FailureClass

ROOT = Path(__file__).parents[3]
FILES = [path for folder in ("include", "dags", "plugins", "local") for path in sorted((ROOT / folder).rglob("*.py"))]
TREES = {path: ast.parse(path.read_text("utf-8")) for path in FILES}
CLASSES = {node.name: node for tree in TREES.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
FIXED = {
    "TerminalError": FailureClass.TERMINAL,
    "TransientError": FailureClass.TRANSIENT,
    "DoubtfulError": FailureClass.DOUBTFUL,
}


def is_error(name: str) -> bool:
    """Whether a class of this name is an error of mediaindex."""
    return name == "MediaindexError" or (name in CLASSES and any(map(is_error, bases(name))))


def bases(name: str) -> list[str]:
    return [base.id for base in CLASSES[name].bases if isinstance(base, ast.Name)]


def failure_class(name: str) -> FailureClass:
    """The failure class of an error class, from its bases in Python's order."""
    if name in FIXED:
        return FIXED[name]
    inherited = [failure_class(base) for base in bases(name) if is_error(base) and base != "MediaindexError"]
    return next((kind for kind in inherited if kind is not FailureClass.DOUBTFUL), FailureClass.DOUBTFUL)


def calls() -> Iterator[tuple[Path, str, ast.expr]]:
    """(file, error class, code) of every error that is created with a code."""
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and is_error(node.func.id):
                yield from ((path, node.func.id, part.value) for part in node.keywords if part.arg == "code")


def own_codes() -> Iterator[tuple[str, ast.expr]]:
    """(error class, code) of every error class with a code of its own."""
    for name, node in CLASSES.items():
        for line in node.body if is_error(name) else []:
            if isinstance(line, ast.Assign) and list(map(ast.unparse, line.targets)) == ["code"]:
                yield name, line.value


def member(code: ast.expr) -> ErrorCode | None:
    """The member that the expression names; None for other expressions."""
    if isinstance(code, ast.Attribute) and isinstance(code.value, ast.Name) and code.value.id == "ErrorCode":
        return ErrorCode[code.attr]
    return None


def test_no_error_is_made_with_a_literal_code() -> None:
    literals = [(path.name, code.value) for path, _, code in calls() if isinstance(code, ast.Constant)]
    literals += [(name, code.value) for name, code in own_codes() if isinstance(code, ast.Constant)]
    assert not literals


def test_the_class_of_the_error_and_of_its_code_agree() -> None:
    named = [(name, member(code)) for _, name, code in calls()] + [(name, member(code)) for name, code in own_codes()]
    wrong = {
        (name, code.value) for name, code in named if code and code.failure_class not in (None, failure_class(name))
    }
    assert not wrong


def test_every_code_is_used() -> None:
    used = {
        node.attr
        for tree in TREES.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "ErrorCode"
    }
    unused = {code.name for code in ErrorCode} - used
    assert {name for name in unused if not name.startswith("HTTP_")} == set()
