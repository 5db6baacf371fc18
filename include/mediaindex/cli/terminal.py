"""Output of the command line: whatever is shown is made printable here, and only here is printed."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from mediaindex.printable import as_json, printable


class Terminal(Console):
    """A console that shows texts of any origin; its own colours and movements are kept."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """The segments, with printable texts."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(printable(segment.text, lines=True), segment.style)


def say(text: str = "", *, error: bool = False) -> None:
    """Print lines of text to standard output, or to standard error."""
    print(printable(text, lines=True), file=sys.stderr if error else sys.stdout)


def say_json(value: Any, **options: Any) -> None:
    """Print JSON: exact values, in which characters that do not print are escaped; times in ISO 8601."""
    print(as_json(value, default=lambda time: time.isoformat(), **options))
