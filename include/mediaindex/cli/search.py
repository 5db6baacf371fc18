"""``mediaindex search "words"``: find who said it, in which recording, at which second."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from mediaindex.printable import as_json, printable

from .options import DATES, Json
from .terminal import Terminal, say

if TYPE_CHECKING:
    from mediaindex.search import Hit


def search(
    words: Annotated[list[str], typer.Argument(help='Words to find in one turn; "quoted words" are a phrase.')],
    *,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=1000, help="Show at most this many hits.")] = 10,
    source: Annotated[str | None, typer.Option(help="Only recordings of this source.")] = None,
    speaker: Annotated[str | None, typer.Option(help="Only turns of this speaker, such as SPEAKER_00.")] = None,
    language: Annotated[
        str | None, typer.Option("--language", "-l", help="Only turns in this language (ISO 639-1 code, such as en).")
    ] = None,
    since: Annotated[
        datetime | None, typer.Option(formats=DATES, help="Only recordings published since then (UTC).")
    ] = None,
    phrase: Annotated[bool, typer.Option("--phrase", help="Treat all the words as one phrase.")] = False,
    as_json: Json = False,
) -> None:
    """Find who said something, in which recording, and at which second.

    Examples:

      mediaindex search "season of light"

      mediaindex search season light --speaker SPEAKER_00 --since 2026-11-01
    """
    from mediaindex.search import Filters, from_environment
    from mediaindex.search import search as find

    filters = Filters(source, speaker, language, since.replace(tzinfo=UTC) if since else None)
    text = " ".join(words)
    hits = find(from_environment(), text, filters=filters, phrase=phrase, limit=limit)
    if as_json:
        say(to_json(hits))
    elif hits:
        show(hits, Terminal())
    else:
        kind = "the phrase" if phrase else "all words of"
        Terminal(stderr=True).print(Text(f"No turn contains {kind} {printable(text)!r}; use fewer words or filters."))


def show(hits: list[Hit], console: Console) -> None:
    """Print each hit: recording, time, speaker, the words in their context, and a link to the second."""
    for number, hit in enumerate(hits, 1):
        head = Text.assemble(
            f"{number:>2}  ",
            (printable(hit.title), "bold"),
            "  ",
            (clock(hit.start_of_match), "green"),
            "  ",
            (printable(hit.speaker), "cyan"),
            ("  not yet reviewed", "yellow") if hit.needs_review else "",
        )
        pieces = [(printable(piece.text), "bold magenta" if piece.matched else "") for piece in hit.highlight]
        console.print(head, soft_wrap=True)
        console.print(Text.assemble("    … ", *pieces, " …"), soft_wrap=True)
        console.print(Text(f"    {printable(hit.link)}", "dim"), soft_wrap=True)


def to_json(hits: list[Hit]) -> str:
    """The hits as a JSON list; fields as in ``mediaindex.search.Hit``."""
    from dataclasses import asdict

    return as_json([asdict(hit) for hit in hits], indent=2)


def clock(seconds: float) -> str:
    """Seconds as ``h:mm:ss.s``."""
    tenths = round(seconds * 10)
    return f"{tenths // 36000}:{tenths // 600 % 60:02}:{tenths // 10 % 60:02}.{tenths % 10}"
