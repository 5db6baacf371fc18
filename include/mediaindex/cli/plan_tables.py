"""Forecasts as text and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mediaindex.contract.states import ObjectState

from .figures import duration, hours, many, money, say, trimmed
from .ledger_tables import table
from .search import printable

if TYPE_CHECKING:
    from mediaindex.forecast.forecasting import Forecast
    from mediaindex.forecast.ranges import Range

# States of a recording as a person asks: what is new first, then what is under way, then what has its end.
STATES = {
    "new": "new",
    ObjectState.SEEN: "waits to be whole",
    ObjectState.CLAIMED: "under way",
    ObjectState.INDEXED: "indexed",
    ObjectState.IN_REVIEW: "in review",
    ObjectState.DUPLICATE: "duplicate",
    ObjectState.QUARANTINED: "quarantined",
}
NO_PRICES = "not known: add `prices: {currency: EUR, cpu_core_hour: 0.04}` to the sources file"


def forecast(console: Console, made: Forecast, kept: int | None) -> None:
    """All of it: what there is, what it takes, how that was estimated, what to do next."""
    first, last = (f"{one:%Y-%m-%d}" for one in (made.span.first, made.span.last))
    say(console, Text(f"{made.source.name}, {first} to {last}: {_places(made)}", "bold"))
    say(console, "")
    _files(console, made)
    if not made.new:
        say(console, "\nNothing is new: a backfill of these days would index nothing.")
    else:
        say(console, "")
        _stages(console, made)
        say(console, "")
        _facts(console, [("work", _work(made)), ("cost", cost(made)), ("finish", finish(made))])
        say(console, "\nHow this was estimated", "bold")
        _facts(console, basis(made))
        _next(console, made, kept)


def cost(made: Forecast) -> str:
    """The line about money."""
    if made.prices is None or made.cost is None:
        return NO_PRICES
    currency, whole = made.prices.currency, made.cost
    unpriced = "; `gpu_hour` has no price" if made.gpu.value and not made.prices.gpu_hour else ""
    between = f"({money(whole.low)} to {money(whole.high)})"
    return f"{currency} {money(whole.value)} {between}, at {made.prices.cpu_core_hour:g} a core hour{unpriced}"


def finish(made: Forecast) -> str:
    """The line about time."""
    cores, slots = made.machine.cores, made.machine.slots
    machine = many(cores, "core") + " that do nothing else" if cores else many(slots, "speech slot")
    between = f"({duration(made.finish.low)} to {duration(made.finish.high)})"
    before = (
        f"; {duration(made.queue.seconds)} of it for {many(made.queue.files, 'recording')} that wait already"
        if made.queue.files
        else ""
    )
    return (
        f"{duration(made.finish.value)} {between} on {machine}: "
        f"{made.ends_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC if it begins now{before}"
    )


def basis(made: Forecast) -> list[tuple[str, str]]:
    """Where the figures come from."""
    lines = []
    for suffix in sorted(made.tally.largest):
        rate = made.estimator.rate(suffix)
        lines.append(("hours", f"{suffix or 'no suffix'}: {rate.basis}"))
    lines.append(("work", made.rates.basis))
    if made.rates.copies:
        lines.append(("copies", f"{made.rates.copies:.0%} had known audio and cost little: that is in the figures"))
    lines.append(("finish", "fresh recordings that come meanwhile go first, and make it later"))
    lines.append(("ranges", "where learned, four in five of those lie between; together they are closer"))
    return lines


def as_json(made: Forecast, kept: int | None) -> dict[str, Any]:
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
        "audio_s": {state: _borders(one) for state, one in made.audio.items()},
        "batches": made.tally.batches,
        "stages": {one.stage: {"wall_s": one.wall_s, "cpu_s": one.cpu_s, "gpu_s": one.gpu_s} for one in made.stages},
        "wall_s": _borders(made.work),
        "cpu_s": _borders(made.core),
        "gpu_s": _borders(made.gpu),
        "cost": None if made.cost is None or made.prices is None else _borders(made.cost)
        | {"currency": made.prices.currency},
        "finish_s": _borders(made.finish),
        "ends_at": made.ends_at.isoformat(),
        "queue": {"files": made.queue.files, "audio_s": made.queue.audio_s, "seconds": made.queue.seconds},
        "basis": basis(made),
    }  # fmt: skip


def _places(made: Forecast) -> str:
    bucket, where = made.source.bucket, made.places
    if not where.by_date:
        return f"s3://{bucket}/{printable(made.source.prefix)}, by the date of the object"
    if not where.prefixes:
        return "no interval of these days is over"
    more = f" … {printable(where.prefixes[-1])}" if len(where.prefixes) > 1 else ""
    runs = many(where.intervals, "interval")
    return f"{runs}, s3://{bucket}/{printable(where.prefixes[0])}{more}"


def _files(console: Console, made: Forecast) -> None:
    rows = []
    for state, name in STATES.items():
        if state == "new" or made.tally.files[state]:
            audio = made.audio.get(state)
            rows.append((name, f"{made.tally.files[state]:,}", *_hours_of(audio)))
    whole = sum((one.value for one in made.audio.values()), 0.0)
    rows.append(("all", f"{sum(made.tally.files.values()):,}", hours(whole), ""))
    table(console, ("recordings", "files", "hours", ""), _right(("", "files", "hours", ""), rows))


def _stages(console: Console, made: Forecast) -> None:
    gpu = made.gpu.value > 0
    heads = ("stage", "slot hours", "core hours", *(("GPU hours",) if gpu else ()))
    figures = [(one.stage, one.wall_s, one.cpu_s, one.gpu_s) for one in made.stages]
    figures.append(("all", made.work.value, made.core.value, made.gpu.value))
    rows = [(name, *(hours(one) for one in costs[: len(heads) - 1])) for name, *costs in figures]
    table(console, heads, _right(heads, rows))


def _work(made: Forecast) -> str:
    core = made.core
    between = f"({hours(core.low)} to {hours(core.high)})"
    return f"{hours(core.value)} core hours {between}, in {many(made.tally.batches, 'batch', 'batches')}"


def _next(console: Console, made: Forecast, kept: int | None) -> None:
    if not made.places.by_date:
        say(console, f"\n{whole_prefix(made)}", "yellow")
    dates = f"--from-date {made.span.first:%Y-%m-%d} --to-date {made.span.last:%Y-%m-%dT%H:%M:%S}"
    say(console, "\nTo do it:")
    # One line, however narrow the terminal: it is copied.
    console.print(f"  airflow backfill create --dag-id discover_{made.source.name} {dates}", soft_wrap=True)
    if kept is not None:
        say(console, f"Afterwards: mediaindex plan {made.source.name} --review   (this is forecast {kept})")


def whole_prefix(made: Forecast) -> str:
    """What a backfill does where the prefix has no date."""
    more = (
        f"{many(made.tally.outside, 'file')} of other days too" if made.tally.outside else "all of it is counted here"
    )
    return (
        f"The prefix {printable(made.source.prefix)!r} has no date: `airflow backfill create` takes the whole prefix, "
        f"whatever the days: {more}. Only a prefix like 'calls/{{{{ ds }}}}/' is taken by the day."
    )


def _facts(console: Console, facts: Sequence[tuple[str, str]]) -> None:
    grid = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for name, text in facts:
        grid.add_row(f"  {name}", Text(printable(text)))
    trimmed(console, grid)


def _right(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """Figures set flush right, all but the first and an explanation in the last column."""
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


def _borders(one: Range) -> dict[str, float]:
    return {"low": one.low, "expected": one.value, "high": one.high}
