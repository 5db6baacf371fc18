"""An evaluation as tables for people."""

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

from .search import printable

if TYPE_CHECKING:
    from mediaindex.evaluation.compare import Change
    from mediaindex.evaluation.report import Figures, FileScore, Metric, Protocol, Report

MOST_FILES = 50  # rows; the JSON has them all
NARROWEST, NUMBER = 16, 9  # columns of a name, and of each number
WIDTH = 110  # columns where nobody's terminal says how wide it is: a file, a pipe, a task's log
TABLES = {  # two, so that a terminal of 80 columns holds them
    "Words, speakers, languages": {"wer", "cer", "cpwer", "der", "jer", "language"},
    "Confidence, times, speed": {"ece", "auroc", "word_start", "word_end", "rtf"},
}
COLOURS = {"better": "green", "worse": "red", "unclear": "dim", "same": "dim"}


def console_for_tables() -> Console:
    """Standard output: as wide as its terminal, as COLUMNS says, or as tables need."""
    known = sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdigit()
    return Console(width=None if known else WIDTH)


def show_report(report: Report, console: Console) -> None:
    """Rules, figures of each file and each bucket, and what did not come out."""
    from mediaindex.evaluation.report import METRICS

    known = [metric for metric in METRICS if metric.name in report.all.metrics]
    for title, names in TABLES.items():
        shown = [metric for metric in known if metric.name in names]
        if shown:
            _show_table(report, title, shown, console)
    console.print(Text("\n".join(_lines(report))), soft_wrap=True)


def _table(*headings: str, title: str) -> Table:
    """A row a line: numbers never break."""
    table = Table(title=title, box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    for at, heading in enumerate(headings):
        table.add_column(heading, justify="right" if at else "left", no_wrap=bool(at), vertical="bottom")
    return table


def _show_table(report: Report, title: str, shown: Sequence[Metric], console: Console) -> None:
    table = _table("", "files", "audio s", *map(_heading, shown), title=title)
    room = max(NARROWEST, console.width - NUMBER * (len(shown) + 2))
    worst = sorted(report.files, key=lambda file: -(file.value("wer") or 0.0))[:MOST_FILES]
    for file in worst:
        table.add_row(
            *_row(_end_of(file.id, room), "", file.audio_s, [file.value(metric.name) for metric in shown], shown)
        )
    table.add_section()
    for kind, named in report.buckets.items():
        for name, figures in named.items():
            table.add_row(*_figures(f"{kind}: {name}", figures, shown))
    table.add_section()
    table.add_row(*_figures("all", report.all, shown), style="bold")
    console.print(table)


def _heading(metric: Metric) -> str:
    """A line a word: no wider than the numbers."""
    return f"{metric.label} {metric.unit}".strip().replace(" ", "\n")


def _end_of(name: str, room: int) -> str:
    """The ends of names tell them apart."""
    return name if len(name) <= room else f"…{name[1 - room :]}"


def show_changes(changes: Sequence[Change], protocol: Protocol, console: Console) -> None:
    """Old, new, the change and its interval."""
    table = _table("", "files", "old", "new", "change", "95 % interval", "verdict", title="Against the older report")
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


def _rules(protocol: Protocol) -> str:
    overlap = "overlapped speech judged" if protocol.overlap else "overlapped speech left out"
    return f"DER and JER: collar {protocol.collar:g} s, {overlap}"


def _figures(name: str, figures: Figures, shown: Sequence[Metric]) -> list[Text]:
    return _row(name, str(figures.files), figures.audio_s, [figures.metrics.get(one.name) for one in shown], shown)


def _row(name: str, files: str, audio_s: float, values: Sequence[float | None], shown: Sequence[Metric]) -> list[Text]:
    numbers = ["" if value is None else _number(metric, value) for metric, value in zip(shown, values, strict=True)]
    return [Text(part) for part in (printable(name), files, f"{audio_s:.1f}", *numbers)]


def _number(metric: Metric, value: float, sign: str = "") -> str:
    """The unit stands in the heading."""
    return f"{100 * value:{sign}.2f}" if metric.unit == "%" else f"{value:{sign}.3f}"


def _lines(report: Report) -> list[str]:
    speed = "from a cache, so no overall speed"
    if report.wall_s and report.all.audio_s:
        speed = (
            f"{report.wall_s:.1f} s in all, {report.all.audio_s / report.wall_s:.1f}x real time, models loaded in it"
        )
    lines = [f"{speed}; peak memory {report.peak_mb:.0f} MB; text normalised by {report.protocol.normaliser}"]
    if {"der", "jer"} & set(report.all.metrics):
        lines.append(_rules(report.protocol))
    if len(report.files) > MOST_FILES:
        lines.append(f"the {MOST_FILES} files with the highest WER of {len(report.files)}; --json has all")
    lines += _recognisers(report)
    return lines + [_told(file) for file in report.files if file.status == ObjectState.QUARANTINED or file.detail]


def _recognisers(report: Report) -> list[str]:
    """How many files each recogniser wrote, and which weights and calibration it has."""
    wrote = Counter(file.recogniser for file in report.files)
    short = [re.sub(r"(?<=sha256:)([0-9a-f]{12})[0-9a-f]+", r"\1", identity) for identity in report.recognisers]
    return [f"{sum(n for name, n in wrote.items() if name and name in one)} files recognised by {one}" for one in short]


def _told(file: FileScore) -> str:
    return f"{file.status}: {printable(file.id)}: {printable(file.detail)}"
