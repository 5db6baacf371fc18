"""One object's whole history as text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from mediaindex.contract.states import ItemStatus, ObjectState

from .ledger_tables import batch_link, length, link_of, retry_of, table, when, why
from .search import printable

if TYPE_CHECKING:
    from mediaindex.catalog.ledger.ledger import ObjectEvent
    from mediaindex.catalog.ledger.story import Relative, Review, StageRun, Story, StoryBatch, TranscriptVersion

RUN_HEADS = ("batch", "stage", "result", "wall", "cpu", "gpu", "MB", "at (UTC)", "engine")
TRANSCRIPT_HEADS = ("version", "words", "confidence", "language", "recogniser", "made", "published", "")


def story(console: Console, told: Story) -> None:
    """`ledger show`: who it is, where it stands, and how it got there."""
    _head(console, told)
    heads = ("at (UTC)", "move", "stage", "batch", "actor", "why")
    _part(console, "Moves", heads, [_moved(move) for move in told.events], ("why",))
    heads = ("batch", "lane", "started", "finished", "triage", "run")
    _part(console, "Batches", heads, [_batch(one) for one in told.batches], ("run",))
    _part(console, "Stages", RUN_HEADS, [_run(one) for one in told.runs], ("engine",))
    if told.runs:
        console.print(_total(told.runs))
    _part(console, "Transcripts of its audio", TRANSCRIPT_HEADS, [_transcript(one) for one in told.transcripts], ("",))
    heads = ("review", "kind", "opened", "closed", "resolution", "why")
    _part(console, "Reviews", heads, [_review(one) for one in told.reviews], ("why",))
    relatives = [_relative(one) for one in told.relatives]
    _part(
        console, "Copies and other versions", ("id", "state", "modified", "relation", "object"), relatives, ("object",)
    )


def _head(console: Console, told: Story) -> None:
    line = told.line
    name = Text.assemble(
        (f"s3://{printable(line.bucket)}/{printable(line.key)}", "bold"), f"  (media object {line.id})"
    )
    console.print(name, soft_wrap=True)
    stands = " · ".join(part for part in (line.state, why(line)) if part)
    facts = [
        ("state", stands), ("source", line.source), ("etag", line.etag),
        ("size", f"{line.size:,} bytes, modified {when(line.last_modified)}"),
    ]  # fmt: skip
    if line.state == ObjectState.QUARANTINED:
        facts += [("log", link_of(line)), ("try again", retry_of(line))]
    for label, fact in facts:
        console.print(Text(f"  {label:<10} {printable(fact)}"), soft_wrap=True)


def _part(
    console: Console, title: str, heads: tuple[str, ...], rows: Iterable[tuple[str, ...]], folds: tuple[str, ...]
) -> None:
    listed = list(rows)
    if listed:
        console.print(Text(f"\n{title}", "bold underline"))
        table(console, heads, listed, folds)


def _moved(move: ObjectEvent) -> tuple[str, ...]:
    same = move.from_state == move.to_state
    step = f"still {move.to_state}" if same else f"{move.from_state or '-'} → {move.to_state}"
    reason = _reason(move.code, move.reason_class, move.attempts, move.reason)
    return (when(move.at), step, move.stage or "", str(move.batch_id or ""), move.actor, reason)


def _batch(one: StoryBatch) -> tuple[str, ...]:
    moments = (when(one.started_at), when(one.finished_at))
    return (str(one.id), one.lane, *moments, one.decision or "", batch_link(one))


def _review(one: Review) -> tuple[str, ...]:
    closed = when(one.closed_at) if one.closed_at else "open"
    return (str(one.id), one.kind, when(one.opened_at), closed, one.resolution or "", "; ".join(one.reasons))


def _reason(code: str | None, kind: str | None, attempts: int, reason: str | None) -> str:
    head = " ".join(
        part for part in (code or "", f"({kind})" if kind else "", f"try {attempts}" if attempts else "") if part
    )
    return ": ".join(part for part in (head, reason or "") if part)


def _run(one: StageRun) -> tuple[str, ...]:
    result = f"{one.failure_class} {one.code}" if one.code else one.status
    costs = (length(one.wall_s), length(one.cpu_s), length(one.gpu_s), f"{one.peak_mb:.0f}")
    return (str(one.batch_id), one.stage, result, *costs, when(one.recorded_at), one.engine)


def _total(runs: tuple[StageRun, ...]) -> str:
    wall, cpu, gpu = sum(r.wall_s for r in runs), sum(r.cpu_s for r in runs), sum(r.gpu_s for r in runs)
    cached = sum(r.status == ItemStatus.CACHED for r in runs)
    again = f"; {cached} results were there already" if cached else ""
    return f"all together {length(wall)} wall, {length(cpu)} CPU, {length(gpu)} GPU{again}"


def _transcript(one: TranscriptVersion) -> tuple[str, ...]:
    notes = [
        "current" if one.is_current else "",
        "waits for Elasticsearch" + (f": {one.last_error}" if one.last_error else "") if one.waiting else "",
        f"fallback: {one.fallback}" if one.fallback else "",
    ]
    confidence = "-" if one.confidence is None else f"{one.confidence:.2f}"
    what = (str(one.version), str(one.words), confidence, one.language, one.recogniser)
    return (*what, when(one.created_at), when(one.published_at), "; ".join(note for note in notes if note))


def _relative(one: Relative) -> tuple[str, ...]:
    relation = " and ".join(part for part in ("same audio" * one.same_audio, "same key" * one.same_key) if part)
    return (str(one.id), one.state, when(one.last_modified), relation, f"s3://{one.bucket}/{one.key}")
