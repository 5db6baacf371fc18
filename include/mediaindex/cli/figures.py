"""Hours, money, counts and paragraphs, as commands show them."""

from __future__ import annotations

from rich.console import Console, RenderableType
from rich.text import Text


def duration(seconds: float) -> str:
    """To a minute, or a second below ten minutes."""
    if seconds < 600:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    days, hours = divmod(minutes // 60, 24)
    return (f"{days} d " if days else "") + f"{hours} h {minutes % 60:02} min"


def hours(seconds: float) -> str:
    """Three figures that count, as far as that is more than seconds."""
    hours = seconds / 3600
    return f"{hours:,.1f}" if hours >= 10 else f"{hours:.2f}" if hours >= 1 else f"{hours:.3f}"


def money(amount: float) -> str:
    """Cents, and less where it is less than one."""
    return f"{amount:,.2f}" if amount >= 1 else f"{amount:.4f}"


def many(number: int, what: str, more: str = "") -> str:
    """``1 file``, ``2 files``; ``more`` where the plural has another form."""
    return f"{number:,} " + (what if number == 1 else more or f"{what}s")


def say(console: Console, text: str | Text, style: str = "") -> None:
    """A paragraph."""
    trimmed(console, text if isinstance(text, Text) else Text(text, style))


def trimmed(console: Console, what: RenderableType) -> None:
    """Folded to the terminal's width, without blanks at the ends of lines."""
    with console.capture() as capture:
        console.print(what)
    for line in capture.get().split("\n")[:-1]:
        console.out(line.rstrip(), highlight=False)
