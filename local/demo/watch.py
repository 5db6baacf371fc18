"""Live progress: the stages that each recording has passed, from the catalog."""

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
    """Show progress until every recording has a final state. Returns the recordings.

    The wait also ends if ``failed`` returns True, for example because a run failed, and at the deadline.
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
                _print_new(console, objects, passed, seen)
            settled = [recording for recording in objects if recording.state in SETTLED]
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
    for recording in objects:
        dots = ["[green]●" if stage in passed.get(recording.id, set()) else "[dim]·" for stage in STAGES]
        table.add_row(_name(recording), *dots, recording.state)
    if not objects:
        table.caption = "waiting until Airflow finds the recordings"
    return table


def _print_new(
    console: Console, objects: list[MediaObject], passed: dict[int, set[str]], seen: set[tuple[int, str]]
) -> None:
    for recording in objects:
        steps = [stage for stage in STAGES if stage in passed.get(recording.id, set())]
        if recording.state in SETTLED:
            steps.append(recording.state)
        for step in steps:
            if (recording.id, step) not in seen:
                seen.add((recording.id, step))
                console.print(f"  {_name(recording)}: {step}", highlight=False)


def _name(recording: MediaObject) -> str:
    return recording.key.rpartition("/")[2]
