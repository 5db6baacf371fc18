"""``mediaindex index FILE… --out DIR``: transcripts of files on this machine, without Airflow or servers."""

from __future__ import annotations

import itertools
import time
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from mediaindex.contract.states import ObjectState

from . import options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mediaindex.contract.job import FolderStore, ItemResult, JobItem
    from mediaindex.runner.local import LocalRun, Outcome

LONGEST_STEM = 240  # bytes
EXAMPLES = """
Examples:

  mediaindex index talk.mp3 --out transcripts

  mediaindex index calls/*.wav --out transcripts --language en --speakers 2

  mediaindex index stereo-calls/*.wav --out transcripts --party-a-channel

  mediaindex index show.mp3 --out transcripts --vocabulary names.txt

  mediaindex index dump.raw --out transcripts --raw s16le:8000:1
"""


def index(
    files: list[Path] = typer.Argument(..., exists=True, dir_okay=False, help="Audio or video, anything ffmpeg reads."),
    out: Path = typer.Option(..., "--out", "-o", help="Folder for the transcripts: JSON, SRT and WebVTT a file."),
    language: list[str] = options.LANGUAGE,
    speakers: int | None = options.SPEAKERS,
    raw: str | None = options.RAW,
    party_a_channel: bool = options.PARTY_A_CHANNEL,
    vocabulary: Path | None = options.VOCABULARY,
    cache: Path | None = options.CACHE,
) -> None:
    """Transcribe FILES: who said what, and when.

    Results of stages are kept: a second run over the same audio computes nothing.
    """
    from mediaindex.runner.local import items_of

    from .options import check_folder

    hints = options.read_hints(language, speakers, raw, party_a_channel=party_a_channel, vocabulary=vocabulary)
    items = items_of(files, hints)
    check_folder(out)  # before hours of work are for nothing
    began = time.perf_counter()
    run, outcomes = _run(items, options.store_at(cache))
    wall = time.perf_counter() - began
    written = _write(run, outcomes, out)
    console = Console()
    for outcome in outcomes:
        _tell(console, outcome)
    console.print(summary(outcomes, wall, written, out), highlight=False, markup=False, soft_wrap=True)
    if any(outcome.error for outcome in outcomes):
        raise typer.Exit(1)


def _run(items: Sequence[JobItem], store: FolderStore) -> tuple[LocalRun, list[Outcome]]:
    from mediaindex.contract.pipeline import STAGES
    from mediaindex.runner.engines import Engines
    from mediaindex.runner.local import LocalRun

    console = Console(stderr=True)
    columns = (TextColumn("{task.description:<18}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task("loading", total=len(items) * len(STAGES))

        def tell(stage: str, _item: JobItem, _result: ItemResult) -> None:
            progress.update(bar, description=stage, advance=1)

        run = LocalRun(store, {}, Engines(), tell)
        return run, run.index(items)


def _write(run: LocalRun, outcomes: Sequence[Outcome], out: Path) -> int:
    from mediaindex.exports.files import write_transcript

    taken: set[str] = set()
    written = 0
    for outcome in outcomes:
        found = run.transcript(outcome)
        if found is None:
            continue
        name = _free(_short(Path(outcome.item.name).stem), taken)
        taken.add(name)
        write_transcript(out, name, outcome.item.name, *found)
        written += 1
    return written


def _short(stem: str) -> str:
    """As much of it as leaves room for a number and an ending in the 255 bytes that a file's name may have."""
    return stem.encode()[:LONGEST_STEM].decode(errors="ignore")


def _free(stem: str, taken: set[str]) -> str:
    """A name that no other transcript has: recordings of one name from different folders must not meet."""
    numbered = (f"{stem}-{number}" for number in itertools.count(2))
    return next(name for name in itertools.chain([stem], numbered) if name not in taken)


def _tell(console: Console, outcome: Outcome) -> None:
    from rich.markup import escape

    name = escape(outcome.item.name)
    for warning in (text for said in outcome.summaries.values() for text in said.get("warnings", ())):
        console.print(f"[yellow]warning[/] {name}: {escape(warning)}", soft_wrap=True, highlight=False)
    if outcome.error:
        console.print(
            f"[red]{outcome.status}[/] {name}: {escape(outcome.error.message)}", soft_wrap=True, highlight=False
        )
    elif outcome.reasons:
        reasons = escape("; ".join(outcome.reasons))
        console.print(f"[yellow]{outcome.status}[/] {name}: {reasons}", soft_wrap=True, highlight=False)


def summary(outcomes: Sequence[Outcome], wall: float, written: int, out: Path) -> str:
    """One line: how much audio, how fast, what became of it."""
    audio = sum(outcome.summaries.get("normalize", {}).get("duration", 0.0) for outcome in outcomes)
    counts = {
        status: sum(outcome.status == status for outcome in outcomes)
        for status in (ObjectState.INDEXED, ObjectState.IN_REVIEW, ObjectState.QUARANTINED)
    }
    fates = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    factor = f"real-time factor {wall / audio:.3f}, {audio / wall:.1f}x real time" if audio and wall else "no audio"
    told = f"{len(outcomes)} files, {audio:.1f} s of audio in {wall:.1f} s ({factor})"
    return f"{told}: {fates}; {written} transcripts in {out}"
