"""``mediaindex verify``: check that PostgreSQL, Elasticsearch and S3 agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from mediaindex.errors import MediaindexError
from mediaindex.printable import printable

from . import paused
from .figures import count_of
from .options import Json, all_stores
from .terminal import Terminal, say, say_json

if TYPE_CHECKING:
    from mediaindex.catalog.batches.pauses import PausedDag
    from mediaindex.upkeep.verifying import Difference

CLEAN, DIFFERENT, NOT_COMPARED = 0, 1, 2


def verify(
    *,
    repair: Annotated[
        bool,
        typer.Option("--repair", help="Publish recordings that differ to Elasticsearch again; changes no other store."),
    ] = False,
    storage: Annotated[bool, typer.Option("--storage/--no-storage", help="Whether to compare S3.")] = True,
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=1, help="Show at most this many differences per kind.")
    ] = 20,
    as_json: Json = False,
) -> None:
    """Compare the catalog with Elasticsearch and S3, and print the differences.

    DAGs that are paused are named after them. With --json, each difference is one line, and the last line holds the
    counts. Exit codes: 0 without differences, 1 with differences, 2 if the stores could not be compared.

    Examples:

      mediaindex verify

      mediaindex verify --repair
    """
    from mediaindex.upkeep import verifying

    counts: Counter[str] = Counter()
    try:
        with all_stores("verify") as stores:
            differences = _counted(verifying.verify(stores, storage=storage), counts)
            printed = _print_json(differences) if as_json else _print_table(differences, limit)
            repaired = verifying.repair(stores, printed) if repair else _consume(printed)
            stopped = paused.dags(stores.conn)
    except MediaindexError as error:
        say(f"mediaindex: {error}", error=True)
        raise typer.Exit(NOT_COMPARED) from error
    if as_json:
        say_json({"clean": not counts, "counts": counts, "repaired": repaired, "paused": paused.as_json(stopped)})
    else:
        _print_summary(counts, repaired, stopped)
    raise typer.Exit(DIFFERENT if counts else CLEAN)


def _counted(differences: Iterable[Difference], counts: Counter[str]) -> Iterator[Difference]:
    for difference in differences:
        counts[difference.kind] += 1
        yield difference


def _print_json(differences: Iterable[Difference]) -> Iterator[Difference]:
    for difference in differences:
        say_json(asdict(difference) | {"remedy": difference.remedy})
        yield difference


def _print_table(differences: Iterable[Difference], limit: int) -> Iterator[Difference]:
    """Pass every difference on, and print at most ``limit`` of each kind at the end."""
    seen: Counter[str] = Counter()
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("difference", "subject", "detail"):
        table.add_column(heading, overflow="fold")
    for difference in differences:
        seen[difference.kind] += 1
        if seen[difference.kind] <= limit:
            table.add_row(
                Text(difference.kind), Text(printable(difference.subject)), Text(printable(difference.detail))
            )
        yield difference
    if seen:
        Terminal().print(table)


def _consume(differences: Iterable[Difference]) -> int:
    for _ in differences:
        pass
    return 0


def _print_summary(counts: Counter[str], repaired: int, stopped: Iterable[PausedDag]) -> None:
    from mediaindex.upkeep.verifying import REMEDIES

    if not counts:
        say("Catalog, Elasticsearch and S3 agree.")
    for kind, count in counts.most_common():
        say(f"{count} {kind}: {REMEDIES[kind]}")
    if repaired:
        say(f"Queued {count_of(repaired, 'recording')} for publication; publish_outbox publishes them.")
    for dag in stopped:
        say(paused.line(dag))
