"""``mediaindex reindex``: rebuild both search indexes from the catalog, while they stay in use."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from .figures import count_of
from .options import Json, catalog
from .terminal import Terminal, say, say_json


def reindex(
    *,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Start over instead of continuing an interrupted rebuild.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Rebuild the search indexes from the catalog and switch to them. Searches and publications continue meanwhile.

    Needed after an upgrade with newer index templates, and if Elasticsearch has lost data. If the command is killed,
    run it again: it continues where it stopped.

    Example:

      mediaindex reindex
    """
    from mediaindex.search import from_environment
    from mediaindex.search import reindex as rebuild

    columns = (TextColumn("recordings"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with catalog("reindex") as conn, Progress(*columns, console=Terminal(file=sys.stderr)) as bar:
        task = bar.add_task("recordings", total=None)
        built = rebuild(
            conn,
            from_environment(),
            progress=lambda done, whole: bar.update(task, completed=done, total=whole),
            fresh=fresh,
        )
    if as_json:
        say_json(asdict(built))
        return
    resumed = f", after {built.resumed_after:,} of an interrupted rebuild" if built.resumed_after else ""
    say(
        f"Indexed {count_of(built.recordings, 'recording')} with {count_of(built.turns, 'turn')}{resumed}. "
        f"Searches now use {built.indexes.recordings} and {built.indexes.turns}."
    )
