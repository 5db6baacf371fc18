"""The documentation builds, is current, and has no wrong links, commands or paths."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"(?<!!)!?\[[^\]]*\]\(([^)\s]+)\)")


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def code_lines(page: Path) -> list[str]:
    """Lines of code blocks, and commands in the text."""
    text = page.read_text("utf-8")
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return [line.strip() for block in blocks for line in block.splitlines()] + re.findall(r"`([^`\n]+)`", text)


@pytest.mark.timeout(300)
def test_the_site_builds_without_warnings_and_loads_nothing_from_other_hosts(tmp_path: Path) -> None:
    made = subprocess.run(
        ["make", "--no-print-directory", ".venv-docs/.synced"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr
    build = [str(ROOT / ".venv-docs/bin/mkdocs"), "build", "--strict", "--quiet", "--site-dir", str(tmp_path)]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    foreign = re.compile(r'(?:<script[^>]*src|<link[^>]*href|<img[^>]*src)="?https?://')
    assert not [page.name for page in tmp_path.rglob("*.html") if foreign.search(page.read_text("utf-8"))]


def test_generated_tables_are_current() -> None:
    done = subprocess.run(
        [sys.executable, "docs/generate.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_to_files_exist(page: Path) -> None:
    targets = [target.partition("#")[0] for target in LINK.findall(page.read_text("utf-8"))]
    local = [target for target in targets if target and ":" not in target]
    assert not [target for target in local if not (page.parent / target).exists()]


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_documented_commands_and_options_exist(page: Path) -> None:
    from typer.main import get_command

    from mediaindex.cli.main import cli

    root: Any = get_command(cli)
    lines = [re.split(r"[.\w/-]*\bmediaindex ", line, maxsplit=1) for line in code_lines(page)]
    commands = [parts[1] for parts in lines if len(parts) == 2 and not parts[0].strip()]
    assert not [fault for command in commands if (fault := unknown(root, command))]


def unknown(command: Any, line: str) -> str | None:
    """The part of a documented command line that does not exist; None if all exists."""
    words = shlex.split(re.split(r"\s+[#|&]|;", line)[0].replace("…", "X"), comments=False)
    while words and hasattr(command, "commands"):
        name = words.pop(0)
        if name.startswith("-"):
            break
        if name not in command.commands:
            return f"{line}: {name}"
        command = command.commands[name]
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    given = {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)}
    return f"{line}: {given - known}" if given - known else None


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_files_and_folders_named_in_the_text_exist(page: Path) -> None:
    ours = re.compile(r"(?:include|docs|tests|dags|local|docker|sql|plugins)/[\w/.-]*")
    spans = re.findall(r"`([^`\n]+)`", page.read_text("utf-8"))
    assert not [span for span in spans if ours.fullmatch(span) and not (ROOT / span).exists()]


def fields(model: Any, known: dict[str, set[str]]) -> dict[str, set[str]]:
    """The fields of a model and of the models in its fields, by the name of the model."""
    known[model.__name__] = set(model.model_fields)
    for field in model.model_fields.values():
        for part in re.findall(r"[\w.]+", repr(field.annotation)):
            other: Any = getattr(sys.modules.get(part.rpartition(".")[0]), part.rpartition(".")[2], None)
            if hasattr(other, "model_fields") and other.__name__ not in known:
                fields(other, known)
    return known


def test_every_field_of_the_sources_file_is_documented() -> None:
    from mediaindex.config.sources import Configuration

    models = fields(Configuration, {})
    assert {"Configuration", "Source", "Listing", "Retention", "PodcastLimits"} <= set(models)
    page = (ROOT / "docs/use/sources-file.md").read_text("utf-8")
    assert not {name for names in models.values() for name in names if f"`{name}`" not in page}


def test_every_connection_and_field_of_one_is_documented() -> None:
    import ast

    tree = ast.parse((ROOT / "include/mediaindex/orchestration/connection_fields.py").read_text("utf-8"))
    extras = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name in ("AwsExtra", "SearchExtra")]
    names = {
        part.target.id
        for extra in extras
        for part in extra.body
        if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name)
    }
    page = (ROOT / "docs/operate/deployment.md").read_text("utf-8")
    assert len(names) >= 13
    assert not {name for name in names if f"`{name}`" not in page}
    for connection in ("postgres", "elasticsearch", "s3", "sqs"):
        assert f"`mediaindex_{connection}`" in page


def test_every_variable_is_documented() -> None:
    from mediaindex import settings

    page = (ROOT / "docs/operate/settings.md").read_text("utf-8")
    kinds = [
        kind for kind in vars(settings).values() if isinstance(kind, type) and kind.__module__ == settings.__name__
    ]
    groups = [kind for kind in kinds if issubclass(kind, settings.Group) and kind is not settings.Group]
    assert set(groups) == set(settings.GROUPS)  # what is not one of these is not checked either
    variables = {group.variable(name) for group in groups for name in group.model_fields}
    assert len(variables) > 30
    assert not {variable for variable in variables if f"`{variable}`" not in page}


def test_the_readme_is_short() -> None:
    assert (ROOT / "README.md").read_text("utf-8").count("\n") <= 120
