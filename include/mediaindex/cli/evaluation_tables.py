"""An evaluation as tables for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from .search import printable

if TYPE_CHECKING:
    from mediaindex.evaluation.compare import Change
    from mediaindex.evaluation.report import Figures, FileScore, Metric, Protocol, Report

MOST_FILES = 50  # rows; the JSON has them all
TABLES = {  # two, so that a terminal of 100 columns holds them
    "Words, speakers, languages": {"wer", "cer", "cpwer", "der", "jer", "language"},
    "Confidence, times, speed": {"ece", "auroc", "word_start", "word_end", "rtf"},
}
COLOURS = {"better": "green", "worse": "red", "unclear": "dim", "same": "dim"}


def show_report(report: Report, console: Console) -> None:
    """Rules, figures of each file and each bucket, and what did not come out."""
    from mediaindex.evaluation.report import METRICS

    known = [metric for metric in METRICS if metric.name in report.all.metrics]
    for title, names in TABLES.items():
        shown = [metric for metric in known if metric.name in names]
        if shown:
            _show_table(report, title, shown, console)
    console.print(Text("\n".join(_lines(report))), soft_wrap=True)


def _show_table(report: Report, title: str, shown: Sequence[Metric], console: Console) -> None:
    table = Table("", "files", "audio", *(_heading(metric, report.protocol) for metric in shown), title=title)
    table.columns[0].overflow = "fold"  # the ends of names tell them apart
    for column in table.columns[1:]:
        column.justify = "right"
    worst = sorted(report.files, key=lambda file: -(file.value("wer") or 0.0))[:MOST_FILES]
    for file in worst:
        table.add_row(*_row(file.id, "", file.audio_s, [file.value(metric.name) for metric in shown], shown))
    for kind, named in report.buckets.items():
        table.add_section()
        for name, figures in named.items():
            table.add_row(*_figures(f"{kind}: {name}", figures, shown))
    table.add_section()
    table.add_row(*_figures("all", report.all, shown), style="bold")
    console.print(table)


def show_changes(changes: Sequence[Change], protocol: Protocol, console: Console) -> None:
    """Old, new, the change and its interval."""
    table = Table("", "files", "old", "new", "change", "95 % interval", "verdict", title="Against the older report")
    for change in changes:
        metric = change.metric
        interval = "too few files"
        if change.low is not None and change.high is not None:
            interval = f"{_number(metric, change.low, sign='+')} to {_number(metric, change.high, sign='+')}"
        table.add_row(
            _heading(metric, protocol).replace("\n", ", "),
            str(change.files),
            _number(metric, change.old),
            _number(metric, change.new),
            _number(metric, change.new - change.old, sign="+"),
            interval,
            Text(change.verdict, COLOURS[change.verdict]),
        )
    console.print(table)


def _heading(metric: Metric, protocol: Protocol) -> str:
    if metric.name not in ("der", "jer"):
        return metric.label
    overlap = "overlap in" if protocol.overlap else "overlap out"
    return f"{metric.label}\ncollar {protocol.collar:g} s\n{overlap}"


def _figures(name: str, figures: Figures, shown: Sequence[Metric]) -> list[Text]:
    return _row(name, str(figures.files), figures.audio_s, [figures.metrics.get(one.name) for one in shown], shown)


def _row(name: str, files: str, audio_s: float, values: Sequence[float | None], shown: Sequence[Metric]) -> list[Text]:
    numbers = ["" if value is None else _number(metric, value) for metric, value in zip(shown, values, strict=True)]
    return [Text(part) for part in (printable(name), files, f"{audio_s:.1f} s", *numbers)]


def _number(metric: Metric, value: float, sign: str = "") -> str:
    scaled, digits = (100 * value, 2) if metric.unit == "%" else (value, 3)
    return f"{scaled:{sign}.{digits}f}{' ' if metric.unit else ''}{metric.unit}"


def _lines(report: Report) -> list[str]:
    speed = "from a cache, so no overall speed"
    if report.wall_s and report.all.audio_s:
        speed = (
            f"{report.wall_s:.1f} s in all, {report.all.audio_s / report.wall_s:.1f}x real time, models loaded in it"
        )
    lines = [f"{speed}; peak memory {report.peak_mb:.0f} MB; text normalised by {report.protocol.normaliser}"]
    if len(report.files) > MOST_FILES:
        lines.append(f"the {MOST_FILES} files with the highest WER of {len(report.files)}; --json has all")
    return lines + [_told(file) for file in report.files if file.status == "quarantined" or file.detail]


def _told(file: FileScore) -> str:
    return f"{file.status}: {printable(file.id)}: {printable(file.detail)}"
