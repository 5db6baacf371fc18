"""The results that the demo prints: a table, the beginning of a transcript, the review queue, addresses."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from mediaindex.catalog.ledger.lines import ReportRow
from mediaindex.catalog.transcripts import publications, reviews

QUERY = "season of light"


def recordings(console: Console, rows: list[ReportRow]) -> None:
    """Print one line per file."""
    console.print("[bold]Recordings[/]")
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column("  file", no_wrap=True)
    for name in ("length", "language", "speakers", "words", "confidence", "status", "seconds"):
        table.add_column(name, justify="left" if name in ("language", "status") else "right", no_wrap=True)
    for row in rows:
        table.add_row(
            "  " + escape(row.key.rpartition("/")[2]),
            clock(row.duration),
            row.language or "-",
            "-" if row.speakers is None else str(row.speakers),
            "-" if row.words is None else str(row.words),
            "-" if row.confidence is None else f"{row.confidence:.2f}",
            row.state,
            f"{row.wall_s:.1f}",
        )
    console.print(table)
    used = sorted({row.recogniser for row in rows if row.recogniser})
    console.print(f"  recognised by {' and '.join(used)}\n" if used else "", highlight=False)


def transcript(console: Console, transcript: publications.PublishableTranscript, turns: int = 8) -> None:
    """Print the first turns of a recording, with speakers and times."""
    console.print(f"[bold]The beginning of {escape(transcript.key.rpartition('/')[2])}[/]", highlight=False)
    for turn in transcript.turns[:turns]:
        console.print(f"  {clock(turn.start)}  {turn.speaker}  {escape(turn.text)}", highlight=False, soft_wrap=True)
    console.print()


def review_queue(console: Console, items: list[reviews.ReviewItem]) -> None:
    """Print the recordings in review, with their reasons."""
    console.print("[bold]The review queue[/]")
    for item in items:
        console.print(f"  {escape(item.key.rpartition('/')[2])} ({item.kind})", highlight=False)
        for reason in item.reasons:
            console.print(f"    {escape(reason)}", highlight=False, soft_wrap=True)
    console.print()


def addresses(console: Console, lines: dict[str, str]) -> None:
    """Print the addresses of the servers."""
    console.print("[bold]Look around[/]")
    width = max(map(len, lines))
    for name, value in lines.items():
        console.print(f"  {name:<{width}}  {value}", highlight=False, soft_wrap=True)


def clock(seconds: float | None) -> str:
    """Seconds as ``0:01:02.3``; "-" for None."""
    if seconds is None:
        return "-"
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02d}:{rest:04.1f}"
