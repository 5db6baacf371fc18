"""``mediaindex index FILES --out FOLDER``: transcribe files on this machine, without Airflow or servers."""

from __future__ import annotations

import itertools
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from mediaindex.contract.settings import TrackPolicy
from mediaindex.contract.states import ObjectState

from . import options
from .figures import count_of
from .terminal import Terminal, say_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mediaindex.contract.job import FolderStore, ItemResult, JobItem
    from mediaindex.runner.local import LocalRun, Outcome

LONGEST_STEM = 240  # bytes
FILES = typer.Argument(..., exists=True, dir_okay=False, help="Audio or video files in formats that ffmpeg reads.")
OUT = typer.Option(..., "--out", "-o", help="The folder for transcripts: one JSON, SRT and WebVTT file per recording.")

CaptionTimes = Literal["player", "source"]
CAPTION_TIMES = typer.Option(
    "player",
    "--caption-times",
    help="Where captions count from: player (the start of the file is 0, as players show it) or source (the file's own "
    "time stamps). It differs for files that start late, such as transport streams.",
)


def index(
    files: list[Path] = FILES,
    out: Path = OUT,
    language: list[str] = options.LANGUAGE,
    speakers: int | None = options.SPEAKERS,
    raw: str | None = options.RAW,
    party_a_channel: bool = options.PARTY_A_CHANNEL,
    tracks: TrackPolicy | None = options.TRACKS,
    vocabulary: Path | None = options.VOCABULARY,
    caption_times: CaptionTimes = CAPTION_TIMES,
    cache: Path | None = options.CACHE,
    as_json: options.Json = False,
) -> None:
    """Transcribe FILES: who said what, and when. The exit code is 1 if a file fails.

    Results of stages are kept: a second run over the same audio computes nothing.

    Examples:

      mediaindex index talk.mp3 --out transcripts

      mediaindex index calls/*.wav --out transcripts --language en --speakers 2

      mediaindex index stereo-calls/*.wav --out transcripts --party-a-channel

      mediaindex index show.mp3 --out transcripts --vocabulary names.txt

      mediaindex index dump.raw --out transcripts --raw s16le:8000:1
    """
    from mediaindex.runner.local import items_of

    hints = options.read_hints(
        language, speakers, raw, party_a_channel=party_a_channel, tracks=tracks, vocabulary=vocabulary
    )
    options.check_folder(out)  # before hours of work
    run, outcomes, wall = _run(items_of(files, hints), options.store_at(cache))
    names = _write(run, outcomes, out, caption_times)
    _print(outcomes, names, None if as_json else summary(outcomes, wall, len(names), out))
    if any(outcome.error for outcome in outcomes):
        raise typer.Exit(1)


def _run(items: Sequence[JobItem], store: FolderStore) -> tuple[LocalRun, list[Outcome], float]:
    """The run, its outcomes, and the seconds that it took."""
    from mediaindex.contract.pipeline import STAGES
    from mediaindex.runner.engines import Engines
    from mediaindex.runner.local import LocalRun

    from .fetching import fetch_missing

    fetch_missing()
    began = time.perf_counter()
    console = Terminal(stderr=True)
    columns = (TextColumn("{task.description:<18}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task("loading models", total=len(items) * len(STAGES))

        def tell(stage: str, _item: JobItem, _result: ItemResult) -> None:
            progress.update(bar, description=stage, advance=1)

        run = LocalRun(store, {}, Engines(), tell)
        return run, run.index(items), time.perf_counter() - began


def _write(run: LocalRun, outcomes: Sequence[Outcome], out: Path, caption_times: CaptionTimes) -> dict[str, str]:
    """Write the transcripts. Returns the names of the files without their endings, by the item's id."""
    from mediaindex.exports.files import write_transcript

    names: dict[str, str] = {}
    for outcome in outcomes:
        transcript = run.transcript(outcome)
        if transcript is None:
            continue
        name = _unused(_shortened(Path(outcome.item.name).stem), set(names.values()))
        names[outcome.item.id] = name
        zero = outcome.file_start if caption_times == "player" else 0.0
        write_transcript(out, name, outcome.item.name, *transcript, warnings=outcome.warnings, captions_from=zero)
    return names


def _as_json(outcome: Outcome, name: str | None) -> dict[str, Any]:
    return {
        "file": outcome.item.name,
        "status": outcome.status,
        "transcript": name,
        "duration": outcome.summaries.get("normalize", {}).get("duration"),
        "wall_s": round(outcome.wall_s, 3),
        "warnings": outcome.warnings,
        "reasons": outcome.reasons,
        "error": outcome.error.model_dump(mode="json") if outcome.error else None,
    }


def _shortened(stem: str) -> str:
    """The stem, cut so that a number and a suffix still fit into the 255 bytes of a file name."""
    return stem.encode()[:LONGEST_STEM].decode(errors="ignore")


def _unused(stem: str, taken: set[str]) -> str:
    """The stem, numbered if it is taken: recordings in different folders may have the same name."""
    numbered = (f"{stem}-{number}" for number in itertools.count(2))
    return next(name for name in itertools.chain([stem], numbered) if name not in taken)


def _print(outcomes: Sequence[Outcome], names: Mapping[str, str], closing_line: str | None) -> None:
    """Print problems and the closing line; without one, JSON."""
    if closing_line is None:
        say_json([_as_json(outcome, names.get(outcome.item.id)) for outcome in outcomes], indent=2)
        return
    console = Terminal()
    for outcome in outcomes:
        _print_outcome(console, outcome)
    console.print(closing_line, highlight=False, markup=False, soft_wrap=True)


def _print_outcome(console: Console, outcome: Outcome) -> None:
    from rich.markup import escape

    name = escape(outcome.item.name)
    for warning in outcome.warnings:
        console.print(f"[yellow]warning[/] {name}: {escape(warning)}", soft_wrap=True, highlight=False)
    if outcome.error:
        console.print(
            f"[red]{outcome.status}[/] {name}: {escape(outcome.error.message)}", soft_wrap=True, highlight=False
        )
    elif outcome.reasons:
        reasons = escape("; ".join(outcome.reasons))
        console.print(f"[yellow]{outcome.status}[/] {name}: {reasons}", soft_wrap=True, highlight=False)


def summary(outcomes: Sequence[Outcome], wall: float, written: int, out: Path) -> str:
    """One line: the amount of audio, the speed, the number of files per state, and where the transcripts are."""
    audio = sum(outcome.summaries.get("normalize", {}).get("duration", 0.0) for outcome in outcomes)
    counts = {
        status: sum(outcome.status == status for outcome in outcomes)
        for status in (ObjectState.INDEXED, ObjectState.IN_REVIEW, ObjectState.QUARANTINED)
    }
    states = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    speed = f"real-time factor {wall / audio:.3f}, {audio / wall:.1f}x real time" if audio and wall else "no audio"
    work = f"{count_of(len(outcomes), 'file')} with {audio:.1f} s of audio in {wall:.1f} s ({speed})"
    return f"{work}: {states}. Wrote {count_of(written, 'transcript')} to {out}."
