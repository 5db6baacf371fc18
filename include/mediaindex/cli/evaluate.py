"""``mediaindex evaluate MANIFEST``: how good and how fast the pipeline is on recordings with references."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from . import options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mediaindex.contract.job import FolderStore
    from mediaindex.evaluation.manifest import Entry
    from mediaindex.evaluation.report import Protocol, Report

CACHE = typer.Option(
    None, "--cache", help="Keep results of stages here and use those that are there; cached stages give no speed."
)


def evaluate(
    manifest: Path = typer.Argument(..., exists=True, dir_okay=False, help="JSON Lines with NeMo's field names."),
    language: list[str] = options.LANGUAGE,
    collar: float = typer.Option(0.0, min=0, help="Seconds on either side of each boundary that DER and JER ignore."),
    overlap: bool = typer.Option(True, help="Whether DER and JER judge overlapped speech."),
    cache: Path | None = CACHE,
    json: Path | None = typer.Option(None, "--json", dir_okay=False, help="Write the report, with each file, here."),
    compare: Path | None = typer.Option(None, exists=True, dir_okay=False, help="An older report: what has changed?"),
) -> None:
    """Measure errors, confidence, speed and memory over the recordings of MANIFEST.

    Each line names one: {"audio_filepath": "a.wav", "text": "…", "lang": "en", "rttm_filepath": "a.rttm"}; offset and
    duration choose a part, ctm_filepath gives words with times and speakers (cpWER). Every recording is recognised,
    also what triage would hold back; one that fails counts as all words missing.

    Example:  mediaindex evaluate test.jsonl --json new.json --compare old.json
    """
    from mediaindex.evaluation.compare import check_rules, read_report
    from mediaindex.evaluation.compare import compare as changes_between
    from mediaindex.evaluation.manifest import read_manifest
    from mediaindex.evaluation.report import Protocol

    from .evaluation_tables import console_for_tables, show_changes, show_report
    from .options import check_file

    protocol = Protocol(collar=collar, overlap=overlap, languages=tuple(language))
    older = read_report(compare) if compare else None
    if older:
        check_rules(older, protocol)
    entries = read_manifest(manifest)
    if json:
        check_file(json)
    store = options.store_at(cache) if cache else None
    report = _run(manifest, entries, protocol, store)
    console = console_for_tables()
    show_report(report, console)
    if json:
        json.write_text(report.model_dump_json(indent=1) + "\n", "utf-8")
    if older:
        show_changes(changes_between(older, report), protocol, console)


def _run(manifest: Path, entries: Sequence[Entry], protocol: Protocol, store: FolderStore | None) -> Report:
    from mediaindex.evaluation.run import evaluate as measure
    from mediaindex.runner.engines import Engines

    columns = (TextColumn("{task.description:<18}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("loading", total=None)

        def tell(stage: str, done: int, expected: int) -> None:
            progress.update(bar, description=stage, completed=done, total=expected)

        folder = manifest.parent.absolute()
        return measure(manifest.name, entries, Engines(), protocol, folder=folder, cache=store, tell=tell)
