"""Durations, money, counts and paragraphs, as commands print them."""

from __future__ import annotations

from rich.console import Console, RenderableType
from rich.text import Text


def duration(seconds: float) -> str:
    """Rounded to minutes; below ten minutes, to seconds."""
    if seconds < 600:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    days, hours = divmod(minutes // 60, 24)
    return (f"{days} d " if days else "") + f"{hours} h {minutes % 60:02} min"


def hours(seconds: float) -> str:
    """Seconds as hours: one decimal place from ten hours on, two from one hour on, three below."""
    hours = seconds / 3600
    return f"{hours:,.1f}" if hours >= 10 else f"{hours:.2f}" if hours >= 1 else f"{hours:.3f}"


def money(amount: float) -> str:
    """Two decimal places; four below 1."""
    return f"{amount:,.2f}" if amount >= 1 else f"{amount:.4f}"


def count_of(number: int, noun: str, plural: str = "") -> str:
    """``1 file``, ``2 files``; ``plural`` is for nouns with another plural."""
    return f"{number:,} " + (noun if number == 1 else plural or f"{noun}s")


def print_paragraph(console: Console, text: str | Text, style: str = "") -> None:
    """Print a paragraph, folded to the terminal's width."""
    print_trimmed(console, text if isinstance(text, Text) else Text(text, style))


def print_trimmed(console: Console, content: RenderableType) -> None:
    """Print, folded to the terminal's width, without spaces at the ends of lines."""
    with console.capture() as capture:
        console.print(content)
    for line in capture.get().split("\n")[:-1]:
        console.file.write(f"{line.rstrip()}\n")
