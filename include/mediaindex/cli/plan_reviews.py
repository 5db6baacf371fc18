"""Forecasts compared with actual figures, as text and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from .figures import duration, hours, money, print_paragraph
from .ledger_tables import table

if TYPE_CHECKING:
    from mediaindex.forecast.reviewing import Line, Review


def reviews(console: Console, listed: Sequence[Review]) -> None:
    """Print `plan --review`."""
    if not listed:
        print_paragraph(console, "No forecast is kept; `mediaindex plan SOURCE --from DATE --to DATE` makes one.")
    for number, review in enumerate(listed):
        if number:
            print_paragraph(console, "")
        _review(console, review)


def _review(console: Console, review: Review) -> None:
    expected = review.kept.expected
    days = f"{expected.first_at.astimezone(UTC):%Y-%m-%d} to {expected.last_at.astimezone(UTC):%Y-%m-%d}"
    made = f"{expected.made_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    print_paragraph(console, Text(f"Forecast {review.kept.id}: {expected.source}, {days}, made {made}", "bold"))
    print_paragraph(console, f"  {progress(review)}")
    rows = [(line.what, _amount(line, line.expected), _amount(line, line.actual), error(line)) for line in review.lines]
    if rows:
        part = "" if review.finished else " of these"
        table(console, ("  ", f"expected{part}", "actual", "error"), [("  " + name, *rest) for name, *rest in rows])


def progress(review: Review) -> str:
    """The number of recordings that are done."""
    files = review.kept.expected.files
    if not files:
        return "no recording was new"
    if review.finished:
        at = f", {review.ended_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if review.ended_at else ""
        return f"finished: {review.done:,} of {files:,} done{at}"
    unseen = files - review.found
    missing = f"; {unseen:,} not yet in the ledger, or removed before they were seen" if unseen > 0 else ""
    return f"not finished: {review.done:,} of {files:,} done{missing}"


def error(line: Line) -> str:
    """The error in percent of the actual figure; positive if the forecast was too high."""
    return "-" if line.error is None else f"{line.error:+.1%}"


def review_as_json(review: Review) -> dict[str, Any]:
    """The figures of a review."""
    expected = review.kept.expected
    return {
        "forecast": review.kept.id,
        "source": expected.source,
        "from": expected.first_at.isoformat(),
        "to": expected.last_at.isoformat(),
        "made_at": expected.made_at.isoformat(),
        "files": expected.files,
        "found": review.found,
        "done": review.done,
        "finished": review.finished,
        "figures": {
            line.what: {
                "unit": line.unit, "expected": line.expected, "actual": line.actual, "error": line.error,
            } for line in review.lines
        },
    }  # fmt: skip


def _amount(line: Line, value: float) -> str:
    if line.unit == "files":
        return f"{value:,.0f}"
    if line.unit != "s":
        return f"{line.unit} {money(value)}"
    return duration(value) if line.what == "time" else f"{hours(value)} h"
