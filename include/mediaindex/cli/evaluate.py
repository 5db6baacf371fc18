"""``mediaindex evaluate MANIFEST``: measure accuracy and speed on recordings with references."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from . import options
from .terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mediaindex.contract.job import FolderStore
    from mediaindex.evaluation.manifest import Entry
    from mediaindex.evaluation.report import Report, ScoringRules

CACHE = typer.Option(
    None, "--cache", help="The folder that keeps results of stages; stages with a kept result are not timed."
)
REPORT = typer.Option(
    None, "--json", dir_okay=False, help="Write the report as JSON to this file, with figures of each recording."
)
COMPARE = typer.Option(None, exists=True, dir_okay=False, help="Compare with this older report, written by --json.")


def evaluate(
    manifest: Path = typer.Argument(
        ..., exists=True, dir_okay=False, help="A manifest: JSON Lines with NeMo's field names."
    ),
    language: list[str] = options.LANGUAGE,
    collar: float = typer.Option(0.0, min=0, help="Seconds before and after each boundary that DER and JER ignore."),
    overlap: bool = typer.Option(True, help="Whether DER and JER include overlapped speech."),
    cache: Path | None = CACHE,
    json: Path | None = REPORT,
    compare: Path | None = COMPARE,
) -> None:
    """Measure errors, confidence, speed and memory over the recordings of MANIFEST.

    Each line describes one recording: {"audio_filepath": "a.wav", "text": "hello", "lang": "en", "rttm_filepath":
    "a.rttm"}. offset and duration select a part; ctm_filepath names words with times and speakers (for cpWER). Triage
    is skipped: every recording is recognised. If a recording fails, all its words count as missing.

    Example:

      mediaindex evaluate test.jsonl --json new.json --compare old.json
    """
    from mediaindex.evaluation.compare import compare as changes_between
    from mediaindex.evaluation.manifest import read_manifest
    from mediaindex.evaluation.report import ScoringRules

    from .evaluation_tables import console_for_tables, show_changes, show_report
    from .options import check_file

    protocol = ScoringRules(collar=collar, overlap=overlap, languages=tuple(language))
    older = _read_older(compare, protocol) if compare else None
    entries = read_manifest(manifest)
    if json:
        check_file(json)
    report = _run(manifest, entries, protocol, options.store_at(cache) if cache else None)
    show_report(report, console_for_tables())
    if json:
        json.write_text(report.model_dump_json(indent=1) + "\n", "utf-8")
    if older:
        show_changes(changes_between(older, report), protocol, console_for_tables())


def _read_older(path: Path, protocol: ScoringRules) -> Report:
    """Raises ConfigError if the report was made with other scoring rules."""
    from mediaindex.evaluation.compare import check_rules, read_report

    report = read_report(path)
    check_rules(report, protocol)
    return report


def _run(manifest: Path, entries: Sequence[Entry], protocol: ScoringRules, store: FolderStore | None) -> Report:
    from mediaindex.evaluation.run import evaluate as measure
    from mediaindex.runner.engines import Engines

    from .fetching import fetch_missing

    fetch_missing()
    columns = (TextColumn("{task.description:<18}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Terminal(stderr=True), transient=True) as progress:
        bar = progress.add_task("loading models", total=None)

        def tell(stage: str, done: int, expected: int) -> None:
            progress.update(bar, description=stage, completed=done, total=expected)

        folder = manifest.parent.absolute()
        return measure(manifest.name, entries, Engines(), protocol, folder=folder, cache=store, tell=tell)
