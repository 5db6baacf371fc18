"""The ledger as tables: folded to the terminal's width, or one line per row if the output is not a terminal."""

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

from mediaindex.contract.dags import INDEX_DAG
from mediaindex.contract.states import ItemStatus, Lane, ObjectState
from mediaindex.printable import printable
from mediaindex.settings import ServerSettings

from .figures import count_of, print_trimmed
from .search import clock
from .terminal import Terminal

if TYPE_CHECKING:
    from mediaindex.catalog.ledger.hearing import Arrivals
    from mediaindex.catalog.ledger.ledger import ObjectEvent
    from mediaindex.catalog.ledger.lines import LedgerLine
    from mediaindex.catalog.ledger.story import Relative, Review, StageRun, Story, StoryBatch, TranscriptVersion


SHORT = 100  # characters of a reason in a terminal
PIPED_WIDTH = 1_000  # columns if the output is not a terminal: rows are not folded
COLOURS = {
    ObjectState.CLAIMED: "cyan",
    ObjectState.INDEXED: "green",
    ObjectState.IN_REVIEW: "yellow",
    ObjectState.DUPLICATE: "dim",
    ObjectState.QUARANTINED: "red",
    ObjectState.GONE: "dim",
}


def table_console() -> Console:
    """Standard output, as wide as its terminal or PIPED_WIDTH."""
    console = Terminal(highlight=False)
    return console if console.is_terminal else Terminal(highlight=False, width=PIPED_WIDTH)


def table(
    console: Console, heads: Sequence[str], rows: Iterable[Sequence[str | Text]], folds: Sequence[str] = ()
) -> None:
    """Print a table without lines; only cells of the columns ``folds`` may wrap."""
    grid = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for head in heads:
        grid.add_column(head, no_wrap=head not in folds, overflow="fold")
    for row in rows:
        grid.add_row(*(cell if isinstance(cell, Text) else Text(printable(cell)) for cell in row))
    print_trimmed(console, grid)


def objects(console: Console, lines: Sequence[LedgerLine], counts: Mapping[ObjectState, int]) -> None:
    """Print `ledger list`."""
    if not lines:
        console.print("No object matches.")
        return
    longest = SHORT if console.is_terminal else None  # `ledger show` prints the whole reason
    rows = [
        (str(line.id), _state(line.state), when(line.updated_at), line.key, line.source, _cut(_notes(line), longest))
        for line in lines
    ]
    table(console, ("id", "state", "since (UTC)", "key", "source", "reason"), rows, folds=("key", "reason"))
    total = sum(counts.values())
    more = f" (showing the latest {len(lines)}; --limit shows more)" if total > len(lines) else ""
    parts = "  ".join(f"{number:,} {state}" for state, number in counts.items())
    console.print(f"\n{count_of(total, 'object')}{more}: {parts}", soft_wrap=True)


def dead_letters(console: Console, lines: Sequence[LedgerLine], total: int) -> None:
    """Print `ledger dead-letters`: objects by reason, with the command that retries each group."""
    if not lines:
        console.print("No object is quarantined.")
        return
    groups: dict[tuple[str, str, str], list[LedgerLine]] = {}
    for line in lines:
        groups.setdefault((line.reason_code or "", line.reason_class or "", line.reason_stage or ""), []).append(line)
    for (code, kind, stage), members in sorted(groups.items(), key=lambda group: -len(group[1])):
        head = Text.assemble(
            (code, "bold red"), f"  {kind}", f"  at {stage}" if stage else "", f"  {count_of(len(members), 'object')}"
        )
        console.print(head, soft_wrap=True)
        for line in members:
            name = Text.assemble(f"  {line.id:>6}  {when(line.updated_at)}  ", (printable(line.key), "bold"))
            console.print(name, soft_wrap=True)
            console.print(Text(f"          {printable(line.reason or '')}"), soft_wrap=True)
            console.print(Text(f"          {link_of(line)}", "dim"), soft_wrap=True)
        console.print(Text(f"  after a fix: {_retry_group(code, kind, stage)}\n", "green"), soft_wrap=True)
    more = f" (showing the latest {len(lines)})" if total > len(lines) else ""
    console.print(
        f"{count_of(total, 'object')} quarantined{more}. To retry one: mediaindex ledger requeue ID --yes",
        soft_wrap=True,
    )


def arrivals(console: Console, sources: Sequence[Arrivals], hours: float) -> None:
    """Print `ledger arrivals`."""
    if not sources:
        console.print(f"No recording arrived within the last {hours:g} hours.")
        return
    heads = ("source", "by event", "by listing", "waiting", "last event (UTC)")
    rows = [
        (row.source, f"{row.by_event:,}", f"{row.by_listing:,}", f"{row.waiting:,}", when(row.last_event_at))
        for row in sources
    ]
    table(console, heads, rows)


def dry_run(console: Console, lines: Sequence[LedgerLine], sample: int) -> None:
    """Print what `ledger requeue` would do."""
    if not lines:
        console.print("No object matches.")
        return
    rows = [(str(line.id), _state(line.state), line.key, why(line)) for line in lines[:sample]]
    table(console, ("id", "state", "key", "reason"), rows, folds=("key", "reason"))
    if len(lines) > sample:
        console.print(f"and {len(lines) - sample:,} more")
    console.print(f"\nWould queue {count_of(len(lines), 'object')}. Nothing was changed: add --yes.")


def why(line: LedgerLine) -> str:
    """Code, class, failures and reason in one line."""
    head = (line.reason_code, f"({line.reason_class})" if line.reason_class else "")
    parts = [" ".join(part for part in head if part)]
    if line.attempts:
        parts.append("failed once" if line.attempts == 1 else f"failed {line.attempts} times")
    if line.state == ObjectState.CLAIMED and line.not_before is not None:
        parts.append(f"waits until {when(line.not_before)}")
    if line.awaits_quota:
        parts.append("waits for tomorrow's quota: hours_per_day of its source is used")
    summary = ", ".join(part for part in parts if part)
    return ": ".join(part for part in (summary, line.reason or "") if part)


def _notes(line: LedgerLine) -> str:
    """The reason and the warnings in one line."""
    return "; ".join(part for part in (why(line), *(f"warning: {text}" for text in line.warnings)) if part)


def when(moment: datetime | None) -> str:
    """A time in UTC, to the second; "-" for None."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if moment else "-"


def retry_of(line: LedgerLine) -> str:
    """The command that retries this object."""
    return f"mediaindex ledger requeue {line.id} --yes"


def link_of(line: LedgerLine) -> str:
    """The URL of the failed task in Airflow's UI; names of run and task if Airflow's address is not set."""
    if line.dag_run_id is None:
        return "not in a run"
    return run_link(line.dag_id or INDEX_DAG[line.lane or Lane.FRESH], line.dag_run_id, line.reason_stage)


def batch_link(batch: StoryBatch) -> str:
    """The URL of a batch's run in Airflow's UI; its name if Airflow's address is not set."""
    if batch.dag_run_id is None:
        return "no run yet"
    return run_link(batch.dag_id or INDEX_DAG[batch.lane], batch.dag_run_id, None)


def run_link(dag_id: str, run_id: str, task: str | None) -> str:
    """The URL below MEDIAINDEX_AIRFLOW_URL (or Airflow's base_url); names if neither is set."""
    base = ServerSettings.read().airflow_url or os.environ.get("AIRFLOW__API__BASE_URL")
    if not base:
        return f"Airflow: {dag_id}, run {run_id}" + (f", task {task}" if task else "")
    url = f"{base.rstrip('/')}/dags/{quote(dag_id)}/runs/{quote(run_id, safe='')}"
    return url + (f"/tasks/{quote(task)}" if task else "")


def length(seconds: float) -> str:
    """Seconds with one decimal place; as ``h:mm:ss.s`` from ten minutes on."""
    return f"{seconds:.1f} s" if seconds < 600 else clock(seconds)


def _retry_group(code: str, kind: str, stage: str) -> str:
    parts = ["mediaindex ledger requeue", f"--reason {shlex.quote(code)}", f"--class {kind}"]
    return " ".join([*parts, *([f"--stage {shlex.quote(stage)}"] if stage else []), "--yes"])


def _state(state: ObjectState) -> Text:
    return Text(state, COLOURS.get(state, ""))


def _cut(text: str, longest: int | None) -> str:
    return text if longest is None or len(text) <= longest else text[: longest - 1] + "…"


CHANGE_HEADS = ("at (UTC)", "change", "stage", "batch", "actor", "reason")
BATCH_HEADS = ("batch", "lane", "started", "finished", "triage", "run")
REVIEW_HEADS = ("review", "kind", "opened", "closed", "resolution", "reasons")
RELATIVE_HEADS = ("id", "state", "modified", "relation", "object")
RUN_HEADS = ("batch", "stage", "result", "wall", "cpu", "gpu", "MB", "at (UTC)", "engine")
TRANSCRIPT_HEADS = ("version", "words", "confidence", "language", "recogniser", "made", "published", "")


def story(console: Console, history: Story) -> None:
    """Print `ledger show`: the object, its state, and the history of both."""
    _head(console, history)
    _part(console, "State changes", CHANGE_HEADS, [_change(event) for event in history.events], ("reason",))
    _part(console, "Batches", BATCH_HEADS, [_batch(batch) for batch in history.batches], ("run",))
    _part(console, "Stages", RUN_HEADS, [_run(run) for run in history.runs], ("engine",))
    if history.runs:
        console.print(_total(history.runs))
    transcripts = [_transcript(transcript) for transcript in history.transcripts]
    _part(console, "Transcripts of the audio", TRANSCRIPT_HEADS, transcripts, ("",))
    _part(console, "Reviews", REVIEW_HEADS, [_review(review) for review in history.reviews], ("reasons",))
    relatives = [_relative(relative) for relative in history.relatives]
    _part(console, "Copies and other versions", RELATIVE_HEADS, relatives, ("object",))


def _head(console: Console, history: Story) -> None:
    line = history.line
    name = Text.assemble(
        (f"s3://{printable(line.bucket)}/{printable(line.key)}", "bold"), f"  (media object {line.id})"
    )
    console.print(name, soft_wrap=True)
    state = " · ".join(part for part in (line.state, why(line)) if part)
    facts = [
        ("state", state), ("source", line.source), ("etag", line.etag),
        ("size", f"{line.size:,} bytes, modified {when(line.last_modified)}"),
    ]  # fmt: skip
    facts += [("warning", warning) for warning in line.warnings]
    if line.state == ObjectState.QUARANTINED:
        facts += [("log", link_of(line)), ("retry", retry_of(line))]
    for label, fact in facts:
        console.print(Text(f"  {label:<10} {printable(fact)}"), soft_wrap=True)


def _part(
    console: Console, title: str, heads: tuple[str, ...], rows: Iterable[tuple[str, ...]], folds: tuple[str, ...]
) -> None:
    listed = list(rows)
    if listed:
        console.print(Text(f"\n{title}", "bold underline"))
        table(console, heads, listed, folds)


def _change(event: ObjectEvent) -> tuple[str, ...]:
    same = event.from_state == event.to_state
    step = f"still {event.to_state}" if same else f"{event.from_state or '-'} → {event.to_state}"
    reason = _reason(event.code, event.reason_class, event.attempts, event.reason)
    return (when(event.at), step, event.stage or "", str(event.batch_id or ""), event.actor, reason)


def _batch(batch: StoryBatch) -> tuple[str, ...]:
    times = (when(batch.started_at), when(batch.finished_at))
    return (str(batch.id), batch.lane, *times, batch.decision or "", batch_link(batch))


def _review(review: Review) -> tuple[str, ...]:
    times = (when(review.opened_at), when(review.closed_at) if review.closed_at else "open")
    return (str(review.id), review.kind, *times, review.resolution or "", "; ".join(review.reasons))


def _reason(code: str | None, kind: str | None, attempts: int, reason: str | None) -> str:
    head = " ".join(
        part for part in (code or "", f"({kind})" if kind else "", f"attempt {attempts}" if attempts else "") if part
    )
    return ": ".join(part for part in (head, reason or "") if part)


def _run(run: StageRun) -> tuple[str, ...]:
    result = f"{run.failure_class} {run.code}" if run.code else run.status
    costs = (length(run.wall_s), length(run.cpu_s), length(run.gpu_s), f"{run.peak_mb:.0f}")
    return (str(run.batch_id), run.stage, result, *costs, when(run.recorded_at), run.engine)


def _total(runs: tuple[StageRun, ...]) -> str:
    wall, cpu, gpu = sum(r.wall_s for r in runs), sum(r.cpu_s for r in runs), sum(r.gpu_s for r in runs)
    cached = sum(r.status == ItemStatus.CACHED for r in runs)
    reused = f"; {count_of(cached, 'result')} reused" if cached else ""
    return f"total {length(wall)} wall, {length(cpu)} CPU, {length(gpu)} GPU{reused}"


def _transcript(transcript: TranscriptVersion) -> tuple[str, ...]:
    error = f": {transcript.last_error}" if transcript.last_error else ""
    notes = [
        "current" if transcript.is_current else "",
        f"not yet published{error}" if transcript.waiting else "",
        f"fallback: {transcript.fallback}" if transcript.fallback else "",
    ]
    confidence = "-" if transcript.confidence is None else f"{transcript.confidence:.2f}"
    content = (str(transcript.version), str(transcript.words), confidence, transcript.language, transcript.recogniser)
    times = (when(transcript.created_at), when(transcript.published_at))
    return (*content, *times, "; ".join(note for note in notes if note))


def _relative(relative: Relative) -> tuple[str, ...]:
    relation = " and ".join(
        part for part in ("same audio" * relative.same_audio, "same key" * relative.same_key) if part
    )
    name = f"s3://{relative.bucket}/{relative.key}"
    return (str(relative.id), relative.state, when(relative.last_modified), relation, name)
