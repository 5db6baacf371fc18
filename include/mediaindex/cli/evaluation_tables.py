"""An evaluation report as tables in a terminal."""

from __future__ import annotations

import os
import re
import sys
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mediaindex.contract.states import ObjectState
from mediaindex.printable import printable

from .figures import count_of
from .terminal import Terminal

if TYPE_CHECKING:
    from mediaindex.evaluation.compare import Change
    from mediaindex.evaluation.report import Figures, FileScore, Metric, Report, ScoringRules

MOST_FILES = 50  # rows; the JSON report has every file
NARROWEST, NUMBER = 16, 9  # columns of a name, and of each number
WIDTH = 110  # columns if the output is not a terminal: a file, a pipe, a task's log
TABLES = {  # two, so that they fit into a terminal of 80 columns
    "Words, speakers, languages": {"wer", "cer", "cpwer", "der", "jer", "language"},
    "Confidence, times, speed": {"ece", "auroc", "word_start", "word_end", "rtf"},
}
COLOURS = {"better": "green", "worse": "red", "unclear": "dim", "same": "dim"}


def console_for_tables() -> Console:
    """Standard output, as wide as its terminal; else of COLUMNS, else of WIDTH columns."""
    known = sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdigit()
    return Terminal(width=None if known else WIDTH)


def show_report(report: Report, console: Console) -> None:
    """Print the figures of each file and bucket, the scoring rules, and the files that failed."""
    from mediaindex.evaluation.report import METRICS

    known = [metric for metric in METRICS if metric.name in report.all.metrics]
    for title, names in TABLES.items():
        shown = [metric for metric in known if metric.name in names]
        if shown:
            _show_table(report, title, shown, console)
    console.print(Text("\n".join(_lines(report))), soft_wrap=True)


def _table(*headings: str, title: str) -> Table:
    """A table with one line per row: numbers do not wrap."""
    table = Table(title=title, box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    for at, heading in enumerate(headings):
        table.add_column(heading, justify="right" if at else "left", no_wrap=bool(at), vertical="bottom")
    return table


def _show_table(report: Report, title: str, shown: Sequence[Metric], console: Console) -> None:
    table = _table("", "files", "audio s", *map(_heading, shown), title=title)
    width = max(NARROWEST, console.width - NUMBER * (len(shown) + 2))
    worst = sorted(report.files, key=lambda file: -(file.value("wer") or 0.0))[:MOST_FILES]
    for file in worst:
        table.add_row(
            *_row(_end_of(file.id, width), "", file.audio_s, [file.value(metric.name) for metric in shown], shown)
        )
    table.add_section()
    for kind, named in report.buckets.items():
        for name, figures in named.items():
            table.add_row(*_figures(f"{kind}: {name}", figures, shown))
    table.add_section()
    table.add_row(*_figures("all", report.all, shown), style="bold")
    console.print(table)


def _heading(metric: Metric) -> str:
    """One word per line, so that a heading is no wider than its numbers."""
    return f"{metric.label} {metric.unit}".strip().replace(" ", "\n")


def _end_of(name: str, width: int) -> str:
    """The last ``width`` characters of a name: the ends of names differ."""
    return name if len(name) <= width else f"…{name[1 - width :]}"


def show_changes(changes: Sequence[Change], protocol: ScoringRules, console: Console) -> None:
    """Print each metric's old and new value, their difference and its interval."""
    table = _table(
        "", "files", "old", "new", "change", "95 % interval", "verdict", title="Change since the older report"
    )
    for change in changes:
        metric = change.metric
        interval = "too few files"
        if change.low is not None and change.high is not None:
            interval = f"{_number(metric, change.low, sign='+')} to {_number(metric, change.high, sign='+')}"
        table.add_row(
            f"{metric.label} {metric.unit}".strip(),
            str(change.files),
            _number(metric, change.old),
            _number(metric, change.new),
            _number(metric, change.new - change.old, sign="+"),
            interval,
            Text(change.verdict, COLOURS[change.verdict]),
        )
    console.print(table)
    if any(change.metric.name in ("der", "jer") for change in changes):
        console.print(_rules(protocol))


def _rules(protocol: ScoringRules) -> str:
    overlap = "overlapped speech included" if protocol.overlap else "overlapped speech excluded"
    return f"DER and JER: collar {protocol.collar:g} s, {overlap}"


def _figures(name: str, figures: Figures, shown: Sequence[Metric]) -> list[Text]:
    return _row(
        name, str(figures.files), figures.audio_s, [figures.metrics.get(metric.name) for metric in shown], shown
    )


def _row(name: str, files: str, audio_s: float, values: Sequence[float | None], shown: Sequence[Metric]) -> list[Text]:
    numbers = ["" if value is None else _number(metric, value) for metric, value in zip(shown, values, strict=True)]
    return [Text(part) for part in (printable(name), files, f"{audio_s:.1f}", *numbers)]


def _number(metric: Metric, value: float, sign: str = "") -> str:
    """A value without its unit, which the heading has."""
    return f"{100 * value:{sign}.2f}" if metric.unit == "%" else f"{value:{sign}.3f}"


def _lines(report: Report) -> list[str]:
    speed = "no overall speed, because results were cached"
    if report.wall_s and report.all.audio_s:
        factor = report.all.audio_s / report.wall_s
        speed = f"{report.wall_s:.1f} s, {factor:.1f}x real time, with the loading of models"
    lines = [f"{speed}; peak memory {report.peak_mb:.0f} MB; text normalised by {report.protocol.normaliser}"]
    if {"der", "jer"} & set(report.all.metrics):
        lines.append(_rules(report.protocol))
    if len(report.files) > MOST_FILES:
        lines.append(f"showing the {MOST_FILES} files with the highest WER of {len(report.files)}; --json writes all")
    lines += _recognisers(report)
    failed = [file for file in report.files if file.status == ObjectState.QUARANTINED or file.detail]
    return lines + [_failure(file) for file in failed]


def _recognisers(report: Report) -> list[str]:
    """Each recogniser with its weights and calibration, and the number of files it recognised."""
    files = Counter(file.recogniser for file in report.files)
    lines = []
    for identity in report.recognisers:
        count = sum(number for name, number in files.items() if name and name in identity)
        shortened = re.sub(r"(?<=sha256:)([0-9a-f]{12})[0-9a-f]+", r"\1", identity)
        lines.append(f"{count_of(count, 'file')} recognised by {shortened}")
    return lines


def _failure(file: FileScore) -> str:
    return f"{file.status}: {printable(file.id)}: {printable(file.detail)}"
