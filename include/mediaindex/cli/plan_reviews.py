"""Forecasts against what came of them, as text and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from .figures import duration, hours, money, say
from .ledger_tables import table

if TYPE_CHECKING:
    from mediaindex.forecast.reviewing import Line, Review


def reviews(console: Console, found: Sequence[Review]) -> None:
    """`plan --review`."""
    if not found:
        say(console, "No forecast was kept; `mediaindex plan SOURCE --from DATE --to DATE` makes one.")
    for number, one in enumerate(found):
        if number:
            say(console, "")
        _review(console, one)


def _review(console: Console, one: Review) -> None:
    expected = one.kept.expected
    days = f"{expected.first_at.astimezone(UTC):%Y-%m-%d} to {expected.last_at.astimezone(UTC):%Y-%m-%d}"
    made = f"{expected.made_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    say(console, Text(f"Forecast {one.kept.id}: {expected.source}, {days}, made {made}", "bold"))
    say(console, f"  {progress(one)}")
    rows = [(line.what, _amount(line, line.expected), _amount(line, line.actual), error(line)) for line in one.lines]
    if rows:
        part = "" if one.finished else " of these"
        table(console, ("  ", f"expected{part}", "actual", "error"), [("  " + name, *rest) for name, *rest in rows])


def progress(one: Review) -> str:
    """How far it has come."""
    files = one.kept.expected.files
    if not files:
        return "nothing was new"
    if one.finished:
        at = f", {one.ended_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if one.ended_at else ""
        return f"finished: {one.done:,} of {files:,} done{at}"
    unseen = files - one.found
    still = f"; {unseen:,} not in the ledger yet, or removed before" if unseen > 0 else ""
    return f"not finished: {one.done:,} of {files:,} done{still}"


def error(line: Line) -> str:
    """In percent of what came; plus: the forecast was too high."""
    return "-" if line.error is None else f"{line.error:+.1%}"


def review_as_json(one: Review) -> dict[str, Any]:
    """A review's figures."""
    expected = one.kept.expected
    return {
        "forecast": one.kept.id,
        "source": expected.source,
        "from": expected.first_at.isoformat(),
        "to": expected.last_at.isoformat(),
        "made_at": expected.made_at.isoformat(),
        "files": expected.files,
        "found": one.found,
        "done": one.done,
        "finished": one.finished,
        "figures": {
            line.what: {
                "unit": line.unit, "expected": line.expected, "actual": line.actual, "error": line.error,
            } for line in one.lines
        },
    }  # fmt: skip


def _amount(line: Line, value: float) -> str:
    if line.unit == "files":
        return f"{value:,.0f}"
    if line.unit != "s":
        return f"{line.unit} {money(value)}"
    return duration(value) if line.what == "time" else f"{hours(value)} h"
