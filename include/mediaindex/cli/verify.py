"""``mediaindex verify``: whether PostgreSQL, Elasticsearch and S3 hold the same."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mediaindex.errors import MediaindexError

from .search import printable
from .stores import all_stores

if TYPE_CHECKING:
    from mediaindex.upkeep.verifying_documents import Difference

CLEAN, DIFFERENT, NOT_COMPARED = 0, 1, 2


def verify(
    *,
    repair: Annotated[
        bool, typer.Option("--repair", help="Publish again what is wrong in Elasticsearch; touches nothing else.")
    ] = False,
    storage: Annotated[bool, typer.Option("--storage/--no-storage", help="Compare S3 too.")] = True,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many of each kind to show.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="A line of JSON a difference, the counts last.")] = False,
) -> None:
    """Compare the catalog with Elasticsearch and S3 and print what differs.

    Ends with 0: nothing differs; 1: something does; 2: they could not be compared.

    Example:

      mediaindex verify --repair
    """
    from mediaindex.upkeep import verifying

    counts: Counter[str] = Counter()
    try:
        with all_stores("verify") as stores:
            found = _counted(verifying.verify(stores, storage=storage), counts)
            told = _as_json(found) if as_json else _as_table(found, limit)
            repaired = verifying.repair(stores, told) if repair else _drain(told)
    except MediaindexError as error:
        print(f"mediaindex: {error}", file=sys.stderr)
        raise typer.Exit(NOT_COMPARED) from error
    if as_json:
        print(json.dumps({"clean": not counts, "counts": counts, "repaired": repaired}))
    else:
        _sum_up(counts, repaired)
    raise typer.Exit(DIFFERENT if counts else CLEAN)


def _counted(found: Iterable[Difference], counts: Counter[str]) -> Iterator[Difference]:
    for one in found:
        counts[one.kind] += 1
        yield one


def _as_json(found: Iterable[Difference]) -> Iterator[Difference]:
    for one in found:
        print(json.dumps(asdict(one) | {"remedy": one.remedy}, ensure_ascii=False))
        yield one


def _as_table(found: Iterable[Difference], limit: int) -> Iterator[Difference]:
    """At most ``limit`` of each kind are shown, all are passed on."""
    shown: Counter[str] = Counter()
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("difference", "of", "what"):
        table.add_column(heading, overflow="fold")
    for one in found:
        shown[one.kind] += 1
        if shown[one.kind] <= limit:
            table.add_row(Text(one.kind), Text(printable(one.subject)), Text(printable(one.detail)))
        yield one
    if shown:
        Console().print(table)


def _drain(found: Iterable[Difference]) -> int:
    for _ in found:
        pass
    return 0


def _sum_up(counts: Counter[str], repaired: int) -> None:
    from mediaindex.upkeep.verifying_documents import REMEDIES

    if not counts:
        print("Catalog, Elasticsearch and S3 hold the same.")
    for kind, count in counts.most_common():
        print(f"{count} {kind}: {REMEDIES[kind]}")
    if repaired:
        print(f"{repaired} recordings are in the outbox again; publish_outbox brings them to Elasticsearch.")
