"""The history of one object as text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from mediaindex.contract.states import ItemStatus, ObjectState

from .figures import count_of
from .ledger_tables import batch_link, length, link_of, retry_of, table, when, why
from .search import printable

if TYPE_CHECKING:
    from mediaindex.catalog.ledger.ledger import ObjectEvent
    from mediaindex.catalog.ledger.story import Relative, Review, StageRun, Story, StoryBatch, TranscriptVersion

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
