"""Live progress: which recording has passed which stage, as the catalog knows it."""

from __future__ import annotations

import time
from collections.abc import Callable

from rich.console import Console
from rich.live import Live
from rich.table import Table

from mediaindex.catalog.base.connection import connect
from mediaindex.catalog.batches.batches import passed_stages
from mediaindex.catalog.ledger import ledger
from mediaindex.catalog.ledger.ledger import MediaObject
from mediaindex.contract.pipeline import STAGES
from mediaindex.contract.states import ObjectState

SETTLED = set(ObjectState) - {ObjectState.SEEN, ObjectState.CLAIMED}
DEADLINE_S = 900.0
POLL_S = 1.0


def watch(url: str, source: str, expected: int, failed: Callable[[], bool]) -> list[MediaObject]:
    """Show progress until every recording has a final state; those, by then.

    ``failed`` is asked now and then whether something went wrong that no recording will tell; yes ends the
    wait. So does the deadline.
    """
    console = Console()
    seen: set[tuple[int, str]] = set()
    deadline = time.monotonic() + DEADLINE_S
    with connect(url) as conn, Live(console=console, auto_refresh=False, transient=True) as live:
        while True:
            objects = ledger.find(conn, source=source)
            passed = passed_stages(conn, source)
            if console.is_terminal:
                live.update(_table(objects, passed), refresh=True)
            else:
                _tell(console, objects, passed, seen)
            settled = [one for one in objects if one.state in SETTLED]
            if len(settled) >= expected and len(settled) == len(objects):
                return objects
            if failed() or time.monotonic() > deadline:
                return objects
            time.sleep(POLL_S)


def _table(objects: list[MediaObject], passed: dict[int, set[str]]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("recording", no_wrap=True)
    for stage in STAGES:
        table.add_column(stage.replace("_", " "), justify="center")
    table.add_column("state")
    for one in objects:
        marks = ["[green]●" if stage in passed.get(one.id, set()) else "[dim]·" for stage in STAGES]
        table.add_row(_name(one), *marks, one.state)
    if not objects:
        table.caption = "the sensor is looking into the bucket"
    return table


def _tell(
    console: Console, objects: list[MediaObject], passed: dict[int, set[str]], seen: set[tuple[int, str]]
) -> None:
    for one in objects:
        steps = [stage for stage in STAGES if stage in passed.get(one.id, set())]
        if one.state in SETTLED:
            steps.append(one.state)
        for step in steps:
            if (one.id, step) not in seen:
                seen.add((one.id, step))
                console.print(f"  {_name(one)}: {step}", highlight=False)


def _name(one: MediaObject) -> str:
    return one.key.rpartition("/")[2]
