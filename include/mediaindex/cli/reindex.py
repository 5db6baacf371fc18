"""``mediaindex reindex``: both search indexes anew from the catalog, while everything goes on."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from .stores import catalog


def reindex(
    *,
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin anew, whatever a killed rebuild has left.")] = False,
) -> None:
    """Rebuild the search indexes from the catalog and switch to them; searches and publications go on.

    After an update of the package whose templates are newer, or when Elasticsearch has lost something. If it is killed,
    the same command goes on where it was.

    Example:

      mediaindex reindex
    """
    from mediaindex.search import from_environment
    from mediaindex.search import reindex as rebuild

    columns = (TextColumn("recordings"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with catalog("reindex") as conn, Progress(*columns, console=Console(file=sys.stderr)) as bar:
        task = bar.add_task("recordings", total=None)
        built = rebuild(
            conn,
            from_environment(),
            progress=lambda done, whole: bar.update(task, completed=done, total=whole),
            fresh=fresh,
        )
    went_on = f", after {built.resumed_after} that a killed rebuild had done" if built.resumed_after else ""
    print(
        f"{built.recordings} recordings with {built.turns} turns{went_on}; "
        f"in use: {built.indexes.recordings} and {built.indexes.turns}"
    )
