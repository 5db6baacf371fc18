"""``mediaindex models``: which models there are, whether they are here, and how to get them."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn
from rich.table import Table

from mediaindex.errors import MediaindexError
from mediaindex.models import Checked, check, fetch, load_registry

app = typer.Typer(help="Models: list, check, fetch.", no_args_is_help=True)
_out = Console()
_err = Console(stderr=True)

_Names = Annotated[list[str] | None, typer.Argument(help="Names as `mediaindex models list` shows them.")]


@app.command("list")
def list_models() -> None:
    """Every model the package knows, and the source it would be loaded from."""
    table = Table("name", "task", "languages", "licence", "source", "sha256")
    table.columns[0].no_wrap = True
    for row in check():
        source = row.located.source if row.located else "[red]damaged[/]" if row.damaged else "[dim]not here[/]"
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


@app.command("check")
def check_models(names: _Names = None) -> None:
    """One line a model; exit code 1 if one that is needed (or named) is missing or damaged. Fetches nothing."""
    rows = _or_exit(names)
    bad = [row for row in rows if row.problem and (names or row.entry.required or row.damaged)]
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
    hub: Annotated[bool, typer.Option("--hub", help="From Hugging Face, under the official name.")] = False,
) -> None:
    """Get these models, or all that the default configuration needs, into MEDIAINDEX_CACHE."""
    wanted = names or [name for name, entry in load_registry().items() if entry.required]
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=_err, transient=True) as bars:
        tasks = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what)
            bars.update(tasks[what], completed=done, total=total)

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
