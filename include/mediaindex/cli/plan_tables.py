"""Forecasts as text and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mediaindex.contract.dags import discover_dag
from mediaindex.contract.states import ObjectState
from mediaindex.printable import printable

from .figures import count_of, duration, hours, money, print_paragraph, print_trimmed
from .ledger_tables import table
from .paused import unpause

if TYPE_CHECKING:
    from mediaindex.forecast.forecasting import Forecast
    from mediaindex.forecast.ranges import Range
    from mediaindex.forecast.reviewing import Line, Review


# In this order: new recordings, recordings in progress, recordings that are done.
STATES = {
    "new": "new",
    ObjectState.SEEN: "not ready yet",
    ObjectState.CLAIMED: "in progress",
    ObjectState.INDEXED: "indexed",
    ObjectState.IN_REVIEW: "in review",
    ObjectState.DUPLICATE: "duplicate",
    ObjectState.QUARANTINED: "quarantined",
}
NO_PRICES = "unknown: add `prices: {currency: EUR, cpu_core_hour: 0.04}` to the sources file"


def forecast(console: Console, made: Forecast, kept: int | None, stopped: Sequence[str] = ()) -> None:
    """Print the recordings, the work, how it was estimated, and the commands to run next.

    ``stopped``: DAGs that are to be unpaused before.
    """
    days = f"{made.span.first:%Y-%m-%d} to {made.span.last:%Y-%m-%d}"
    print_paragraph(console, Text(f"{made.source.name}, {days}: {_places(made)}", "bold"))
    print_paragraph(console, "")
    _files(console, made)
    if not made.new:
        print_paragraph(console, "\nNo recording is new: a backfill of these days would index nothing.")
    else:
        print_paragraph(console, "")
        _stages(console, made)
        print_paragraph(console, "")
        _facts(console, [("work", _work(made)), ("cost", cost(made)), ("finish", finish(made))])
        print_paragraph(console, "\nHow this was estimated", "bold")
        _facts(console, basis(made))
        _next(console, made, kept, stopped)


def cost(made: Forecast) -> str:
    """The expected cost with its range, and the price it was computed with."""
    if made.prices is None or made.cost is None:
        return NO_PRICES
    currency, whole = made.prices.currency, made.cost
    unpriced = "; `gpu_hour` has no price" if made.gpu.value and not made.prices.gpu_hour else ""
    between = f"({money(whole.low)} to {money(whole.high)})"
    return f"{currency} {money(whole.value)} {between}, at {made.prices.cpu_core_hour:g} per core hour{unpriced}"


def finish(made: Forecast) -> str:
    """The expected time until the backfill is done, with its range."""
    cores, slots = made.machine.cores, made.machine.slots
    machine = count_of(cores, "core") + " without other work" if cores else count_of(slots, "speech slot")
    between = f"({duration(made.finish.low)} to {duration(made.finish.high)})"
    before = (
        f"; {duration(made.queue.seconds)} of it for {count_of(made.queue.files, 'recording')} already queued"
        if made.queue.files
        else ""
    )
    return (
        f"{duration(made.finish.value)} {between} on {machine}: "
        f"{made.ends_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC if started now{before}"
    )


def basis(made: Forecast) -> list[tuple[str, str]]:
    """How each figure was estimated."""
    lines = []
    for suffix in sorted(made.tally.largest):
        rate = made.estimator.rate(suffix)
        lines.append(("hours", f"{suffix or 'no suffix'}: {rate.basis}"))
    lines.append(("work", made.rates.basis))
    if made.rates.copies:
        lines.append(
            ("copies", f"{made.rates.copies:.0%} were copies of known audio and cost little; this is included")
        )
    lines.append(("finish", "fresh recordings that arrive meanwhile are processed first and delay the finish"))
    lines.append(("ranges", "learned ranges hold 80 % of single recordings; sums vary less"))
    return lines


def as_json(made: Forecast, kept: int | None, stopped: Sequence[str] = ()) -> dict[str, Any]:
    """All figures, in seconds."""
    return {
        "forecast": kept,
        "source": made.source.name,
        "from": made.span.first.isoformat(),
        "to": made.span.last.isoformat(),
        "by_date": made.places.by_date,
        "intervals": made.places.intervals,
        "prefixes": list(made.places.prefixes),
        "outside": made.tally.outside,
        "files": dict(made.tally.files),
        "audio_s": {state: _limits(audio) for state, audio in made.audio.items()},
        "batches": made.tally.batches,
        "stages": {
            costs.stage: {"wall_s": costs.wall_s, "cpu_s": costs.cpu_s, "gpu_s": costs.gpu_s} for costs in made.stages
        },
        "wall_s": _limits(made.work),
        "cpu_s": _limits(made.core),
        "gpu_s": _limits(made.gpu),
        "cost": None if made.cost is None or made.prices is None else _limits(made.cost)
        | {"currency": made.prices.currency},
        "finish_s": _limits(made.finish),
        "ends_at": made.ends_at.isoformat(),
        "queue": {"files": made.queue.files, "audio_s": made.queue.audio_s, "seconds": made.queue.seconds},
        "basis": basis(made),
        "commands": commands(made, stopped),
    }  # fmt: skip


def _places(made: Forecast) -> str:
    bucket, places = made.source.bucket, made.places
    if not places.by_date:
        return f"s3://{bucket}/{printable(made.source.prefix)}, by modification date"
    if not places.prefixes:
        return "no interval of these days has ended"
    last = f" to {printable(places.prefixes[-1])}" if len(places.prefixes) > 1 else ""
    intervals = count_of(places.intervals, "interval")
    return f"{intervals}, s3://{bucket}/{printable(places.prefixes[0])}{last}"


def _files(console: Console, made: Forecast) -> None:
    rows = []
    for state, name in STATES.items():
        if state == "new" or made.tally.files[state]:
            audio = made.audio.get(state)
            rows.append((name, f"{made.tally.files[state]:,}", *_hours_of(audio)))
    whole = sum((audio.value for audio in made.audio.values()), 0.0)
    rows.append(("all", f"{sum(made.tally.files.values()):,}", hours(whole), ""))
    table(console, ("recordings", "files", "hours", ""), _right(("", "files", "hours", ""), rows))


def _stages(console: Console, made: Forecast) -> None:
    gpu = made.gpu.value > 0
    heads = ("stage", "slot hours", "core hours", *(("GPU hours",) if gpu else ()))
    figures = [(costs.stage, costs.wall_s, costs.cpu_s, costs.gpu_s) for costs in made.stages]
    figures.append(("all", made.work.value, made.core.value, made.gpu.value))
    rows = [(name, *map(hours, seconds[: len(heads) - 1])) for name, *seconds in figures]
    table(console, heads, _right(heads, rows))


def _work(made: Forecast) -> str:
    core = made.core
    between = f"({hours(core.low)} to {hours(core.high)})"
    return f"{hours(core.value)} core hours {between}, in {count_of(made.tally.batches, 'batch', 'batches')}"


def commands(made: Forecast, stopped: Sequence[str]) -> list[str]:
    """The commands that start the backfill."""
    dates = f"--from-date {made.span.first:%Y-%m-%d} --to-date {made.span.last:%Y-%m-%dT%H:%M:%S}"
    return [*map(unpause, stopped), f"airflow backfill create --dag-id {discover_dag(made.source.name)} {dates}"]


def _next(console: Console, made: Forecast, kept: int | None, stopped: Sequence[str]) -> None:
    if not made.places.by_date:
        print_paragraph(console, f"\n{whole_prefix(made)}", "yellow")
    print_paragraph(console, "\nTo start it:")
    for command in commands(made, stopped):
        console.print(f"  {command}", soft_wrap=True)  # not wrapped, so that it can be copied
    if stopped:
        text = f"Runs of a DAG that is paused stay queued. Unpausing {stopped[0]} starts its schedule, too."
        print_paragraph(console, text)
    if kept is not None:
        print_paragraph(console, f"Afterwards: mediaindex plan {made.source.name} --review   (this is forecast {kept})")


def whole_prefix(made: Forecast) -> str:
    """What a backfill does if the prefix has no date."""
    outside = made.tally.outside
    others = f"; {count_of(outside, 'file')} of other days {'is' if outside == 1 else 'are'} left" if outside else ""
    return (
        f"The prefix {printable(made.source.prefix)!r} has no date: each run of the backfill lists all of it, and "
        f"takes what was last modified in its interval{others}. With a prefix such as 'calls/{{{{ ds }}}}/' a run "
        "lists only its own folder."
    )


def _facts(console: Console, facts: Sequence[tuple[str, str]]) -> None:
    grid = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for name, text in facts:
        grid.add_row(f"  {name}", Text(printable(text)))
    print_trimmed(console, grid)


def _right(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """Cells aligned right, except the first column and ranges in parentheses."""
    widths = [max(len(head), *(len(row[at]) for row in rows)) for at, head in enumerate(heads)]
    return [
        [cell if at == 0 or cell.startswith("(") else cell.rjust(widths[at]) for at, cell in enumerate(row)]
        for row in rows
    ]


def _hours_of(audio: Range | None) -> tuple[str, str]:
    if audio is None:
        return hours(0.0), ""
    low, high = hours(audio.low), hours(audio.high)
    return hours(audio.value), "" if low == high else f"({low} to {high})"


def _limits(amount: Range) -> dict[str, float]:
    return {"low": amount.low, "expected": amount.value, "high": amount.high}


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
