"""``mediaindex models``: list, check and fetch models."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn
from rich.table import Table

from mediaindex.errors import MediaindexError
from mediaindex.models import Checked, check, fetch, load_registry

from .options import Json
from .terminal import Terminal, say_json

app = typer.Typer(help="List, check and fetch models.", no_args_is_help=True)
_out = Terminal()
_err = Terminal(stderr=True)

_Names = Annotated[list[str] | None, typer.Argument(help="Model names, as `mediaindex models list` shows them.")]


@app.command("list")
def list_models(*, as_json: Json = False) -> None:
    """List every known model and the place it would be loaded from.

    Example:

      mediaindex models list
    """
    rows = check()
    if as_json:
        say_json([_as_json(row) for row in rows], indent=2)
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("name", "task", "languages", "licence", "source", "sha256"):
        table.add_column(heading, overflow="fold", no_wrap=heading == "name")  # nothing is cut in a narrow terminal
    for row in rows:
        source = row.located.source if row.located else "[red]damaged[/]" if row.damaged else "[dim]not installed[/]"
        languages = row.entry.languages
        table.add_row(
            row.entry.name,
            row.entry.task,
            " ".join(languages) if len(languages) <= 3 else f"{len(languages)} languages",
            row.entry.licence,
            source,
            row.located.sha256[:8] if row.located else "",
        )
    _out.print(table)


def _as_json(row: Checked) -> dict[str, Any]:
    located = row.located
    return {
        "name": row.entry.name,
        "task": row.entry.task,
        "languages": row.entry.languages,
        "licence": row.entry.licence,
        "required": row.entry.required,
        "source": located.source if located else None,
        "path": str(located.path) if located else None,
        "sha256": located.sha256 if located else None,
        "problem": row.problem or None,
    }


@app.command("check")
def check_models(names: _Names = None, *, as_json: Json = False) -> None:
    """Check that models are present and undamaged, one line per model. Nothing is fetched.

    The exit code is 1 if a model that is named, or needed by the default configuration, is missing or damaged.

    Examples:

      mediaindex models check

      mediaindex models check whisper-base
    """
    rows = _or_exit(names)
    bad = [row for row in rows if row.problem and (names or row.entry.required or row.damaged)]
    if as_json:
        say_json({"ok": not bad, "models": [_as_json(row) for row in rows]}, indent=2)
        rows = []
    for row in rows:
        if row.located:
            line = f"ok        {row.entry.name}: {row.located.source}, {row.located.path}"
        else:
            line = f"{'missing ' if row in bad else 'optional'}  {row.problem}"
        _out.print(line, markup=False, highlight=False, soft_wrap=True)
    if bad:
        raise typer.Exit(1)


@app.command("fetch")
def fetch_models(
    names: _Names = None,
    hub: Annotated[
        bool, typer.Option("--hub", help="Fetch from the Hugging Face Hub, under the model's official name.")
    ] = False,
) -> None:
    """Fetch the named models, or all that the default configuration needs, into MEDIAINDEX_CACHE.

    Examples:

      mediaindex models fetch

      mediaindex models fetch whisper-base --hub
    """
    wanted = names or [name for name, entry in load_registry().items() if entry.required]
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=_err, transient=True) as bars:
        tasks = {}

        def show(file: str, done: int, total: int) -> None:
            if file not in tasks:
                tasks[file] = bars.add_task(file)
            bars.update(tasks[file], completed=done, total=total)

        for name in wanted:
            try:
                located = fetch(name, show, from_hub=hub)
            except MediaindexError as error:
                raise _exit(error) from None
            _out.print(f"{name}: {located.source}, {located.path}", markup=False, highlight=False, soft_wrap=True)


def _or_exit(names: list[str] | None) -> list[Checked]:
    try:
        return check(names or None)
    except MediaindexError as error:
        raise _exit(error) from None


def _exit(error: MediaindexError) -> typer.Exit:
    _err.print(error.message, style="red", markup=False, highlight=False, soft_wrap=True)
    return typer.Exit(1)
