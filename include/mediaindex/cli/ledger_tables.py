"""The ledger as text: tables in a terminal, one line a row where it is piped."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mediaindex.contract.states import Lane, ObjectState
from mediaindex.settings import ServerSettings

from .figures import many, trimmed
from .search import clock, printable

if TYPE_CHECKING:
    from mediaindex.catalog.ledger.hearing import Arrivals
    from mediaindex.catalog.ledger.lines import LedgerLine
    from mediaindex.catalog.ledger.story import StoryBatch

SHORT = 100  # characters of a reason in a terminal
PIPED_WIDTH = 1_000  # columns: nothing is folded where no terminal shows it
COLOURS = {
    ObjectState.CLAIMED: "cyan",
    ObjectState.INDEXED: "green",
    ObjectState.IN_REVIEW: "yellow",
    ObjectState.DUPLICATE: "dim",
    ObjectState.QUARANTINED: "red",
    ObjectState.GONE: "dim",
}
DAGS = {Lane.FRESH: "index_recordings", Lane.BACKFILL: "index_recordings_backfill"}


def shown() -> Console:
    """Where tables go."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=PIPED_WIDTH)


def table(
    console: Console, heads: Sequence[str], rows: Iterable[Sequence[str | Text]], folds: Sequence[str] = ()
) -> None:
    """Columns without lines; ``folds`` are those that may be cut into several lines, the others never are."""
    grid = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for head in heads:
        grid.add_column(head, no_wrap=head not in folds, overflow="fold")
    for row in rows:
        grid.add_row(*(cell if isinstance(cell, Text) else Text(printable(cell)) for cell in row))
    trimmed(console, grid)


def objects(console: Console, found: Sequence[LedgerLine], counts: Mapping[ObjectState, int]) -> None:
    """`ledger list`."""
    if not found:
        console.print("Nothing in the ledger matches.")
        return
    longest = SHORT if console.is_terminal else None  # `show` has all of it
    rows = [
        (str(one.id), _state(one.state), when(one.updated_at), one.key, one.source, _cut(why(one), longest))
        for one in found
    ]
    table(console, ("id", "state", "since (UTC)", "key", "source", "why"), rows, folds=("key", "why"))
    total = sum(counts.values())
    more = f" (the latest {len(found)} are shown; --limit shows more)" if total > len(found) else ""
    parts = "  ".join(f"{number:,} {state}" for state, number in counts.items())
    console.print(f"\n{many(total, 'object')}{more}: {parts}", soft_wrap=True)


def dead_letters(console: Console, found: Sequence[LedgerLine], total: int) -> None:
    """`ledger dead-letters`: by what went wrong, with the command that tries all of it again."""
    if not found:
        console.print("No dead letters: nothing is quarantined.")
        return
    groups: dict[tuple[str, str, str], list[LedgerLine]] = {}
    for one in found:
        groups.setdefault((one.reason_code or "", one.reason_class or "", one.reason_stage or ""), []).append(one)
    for (code, kind, stage), members in sorted(groups.items(), key=lambda group: -len(group[1])):
        head = Text.assemble(
            (code, "bold red"), f"  {kind}", f"  at {stage}" if stage else "", f"  {len(members)} objects"
        )
        console.print(head, soft_wrap=True)
        for one in members:
            name = Text.assemble(f"  {one.id:>6}  {when(one.updated_at)}  ", (printable(one.key), "bold"))
            console.print(name, soft_wrap=True)
            console.print(Text(f"          {printable(one.reason or '')}"), soft_wrap=True)
            console.print(Text(f"          {link_of(one)}", "dim"), soft_wrap=True)
        console.print(Text(f"  after a fix: {_retry_group(code, kind, stage)}\n", "green"), soft_wrap=True)
    more = f", the latest {len(found)} of them shown" if total > len(found) else ""
    console.print(f"{many(total, 'dead letter')}{more}. One alone: mediaindex ledger requeue ID --yes", soft_wrap=True)


def arrivals(console: Console, found: Sequence[Arrivals], hours: float) -> None:
    """`ledger arrivals`."""
    if not found:
        console.print(f"Nothing arrived within the last {hours:g} hours.")
        return
    heads = ("source", "by event", "by listing", "waiting", "last event (UTC)")
    rows = [
        (one.source, f"{one.by_event:,}", f"{one.by_listing:,}", f"{one.waiting:,}", when(one.last_event_at))
        for one in found
    ]
    table(console, heads, rows)


def dry_run(console: Console, found: Sequence[LedgerLine], sample: int) -> None:
    """What `ledger requeue` would do."""
    if not found:
        console.print("Nothing matches; nothing would be done.")
        return
    rows = [(str(one.id), _state(one.state), one.key, why(one)) for one in found[:sample]]
    table(console, ("id", "state", "key", "why"), rows, folds=("key", "why"))
    if len(found) > sample:
        console.print(f"… and {len(found) - sample:,} more")
    console.print(f"\n{many(len(found), 'object')} would go back into the queue. Nothing is done yet: add --yes.")


def why(one: LedgerLine) -> str:
    """Code, class, tries and reason in one line."""
    parts = [" ".join(part for part in (one.reason_code, f"({one.reason_class})" if one.reason_class else "") if part)]
    if one.attempts:
        parts.append("failed once" if one.attempts == 1 else f"failed {one.attempts} times")
    if one.state == ObjectState.CLAIMED and one.not_before is not None:
        parts.append(f"waits until {when(one.not_before)}")
    head = ", ".join(part for part in parts if part)
    return ": ".join(part for part in (head, one.reason or "") if part)


def when(moment: datetime | None) -> str:
    """In UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if moment else "-"


def retry_of(one: LedgerLine) -> str:
    """The command that tries this object again."""
    return f"mediaindex ledger requeue {one.id} --yes"


def link_of(one: LedgerLine) -> str:
    """Its log in Airflow's UI, at the task that failed; run and task by name where nobody said where Airflow is."""
    if one.dag_run_id is None:
        return "no run had it"
    return run_link(one.dag_id or DAGS[one.lane or Lane.FRESH], one.dag_run_id, one.reason_stage)


def batch_link(batch: StoryBatch) -> str:
    """The same for a batch."""
    if batch.dag_run_id is None:
        return "waits for a run"
    return run_link(batch.dag_id or DAGS[batch.lane], batch.dag_run_id, None)


def run_link(dag_id: str, run_id: str, task: str | None) -> str:
    """An address from MEDIAINDEX_AIRFLOW_URL (or Airflow's own base_url)."""
    base = ServerSettings.read().airflow_url or os.environ.get("AIRFLOW__API__BASE_URL")
    if not base:
        return f"Airflow: {dag_id}, run {run_id}" + (f", task {task}" if task else "")
    place = f"{base.rstrip('/')}/dags/{quote(dag_id)}/runs/{quote(run_id, safe='')}"
    return place + (f"/tasks/{quote(task)}" if task else "")


def length(seconds: float) -> str:
    """For costs."""
    return f"{seconds:.1f} s" if seconds < 600 else clock(seconds)


def _retry_group(code: str, kind: str, stage: str) -> str:
    parts = ["mediaindex ledger requeue", f"--reason {shlex.quote(code)}", f"--class {kind}"]
    return " ".join([*parts, *([f"--stage {shlex.quote(stage)}"] if stage else []), "--yes"])


def _state(state: ObjectState) -> Text:
    return Text(state, COLOURS.get(state, ""))


def _cut(text: str, longest: int | None) -> str:
    return text if longest is None or len(text) <= longest else text[: longest - 1] + "…"
