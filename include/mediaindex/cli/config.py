"""``mediaindex config``: check a sources file, and show the settings of a source."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mediaindex import settings

from .figures import count_of
from .options import Json
from .terminal import say, say_json

if TYPE_CHECKING:
    from mediaindex.config.sources import Checked, Configuration

app = typer.Typer(help="Check the sources file; show the settings of a source.", no_args_is_help=True)
_FILE = "The sources file; by default the one that MEDIAINDEX_CONFIG names."


@app.command("check")
def check_file(
    file: Annotated[Path | None, typer.Argument(help=_FILE)] = None,
    *,
    as_json: Json = False,
) -> None:
    """Check a sources file and the MEDIAINDEX_ variables of the environment.

    Each fault is one line: file, line, field, what is wrong and what to write. The exit code is 1 if there is a fault;
    warnings do not change it.

    Example:

      mediaindex config check sources.yaml
    """
    from mediaindex.config import sources

    path = file or sources.path_from_environment()
    checked = sources.check(path)
    environment = list(settings.problems())
    similar = settings.unknown_variables()
    unknown = [f"{name} is not a variable of mediaindex; write {near}" for name, near in similar.items()]
    if as_json:
        say_json(_as_json(path, checked, environment, unknown), indent=2)
    else:
        _print(path, checked, environment, unknown)
    if checked.faults or environment:
        raise typer.Exit(1)


@app.command("show")
def show_settings(
    source: Annotated[str, typer.Argument(help="The name of a source in the sources file.")],
    file: Annotated[Path | None, typer.Option("--file", help=_FILE)] = None,
    *,
    as_json: Json = False,
) -> None:
    """Show the settings of every stage and of triage for a source, with the file's overrides applied.

    Example:

      mediaindex config show calls
    """
    from mediaindex.config import sources

    known = _effective(sources.load(file or sources.path_from_environment()), source)
    if as_json:
        say_json(known, indent=2)
        return
    for stage, fields in known.items():
        for name, value in fields.items():
            say(f"{stage}.{name}: {json.dumps(value)}")


def _effective(known: Configuration, source: str) -> dict[str, dict[str, Any]]:
    from mediaindex.contract.pipeline import STAGES
    from mediaindex.contract.settings import TriageSettings, read_settings

    stages = {name: read_settings(stage.settings, known.stages.get(name, {}), name) for name, stage in STAGES.items()}
    effective = {name: asdict(value) for name, value in stages.items()}
    return effective | {"triage": asdict(read_settings(TriageSettings, known.triage_of(source), "triage"))}


def _print(path: Path, checked: Checked, environment: Iterable[str], unknown: Iterable[str]) -> None:
    for fault in checked.faults:
        say(f"{path}:{fault}")
    for message in environment:
        say(f"environment: {message}")
    for warning in checked.warnings:
        say(f"warning: {path}:{warning}")
    for message in unknown:
        say(f"warning: environment: {message}")
    if checked.configuration:
        say(f"{path} is valid: {_summary(checked.configuration)}")


def _summary(known: Configuration) -> str:
    counts = _counts(known)
    return ", ".join((count_of(counts["sources"], "source"), count_of(counts["feeds"], "feed"),
                      count_of(counts["overrides"], "overridden setting")))  # fmt: skip


def _counts(known: Configuration) -> dict[str, int]:
    triages = [known.triage, *(source.triage for source in known.sources)]
    return {
        "sources": len(known.sources),
        "feeds": sum(len(source.feeds) for source in known.sources),
        "overrides": sum(map(len, [*known.stages.values(), *triages])),
    }


def _as_json(path: Path, checked: Checked, environment: list[str], unknown: list[str]) -> dict[str, Any]:
    return {
        "file": str(path),
        "valid": not checked.faults and not environment,
        "faults": [asdict(fault) for fault in checked.faults],
        "warnings": [asdict(warning) for warning in checked.warnings],
        "environment": {"faults": environment, "warnings": unknown},
        "counts": _counts(checked.configuration) if checked.configuration else None,
    }
