"""Text for terminals and logs: without characters that a terminal obeys or that change how the rest is read.

Names, titles, tags, messages of servers and of other programs are not trusted. Everything that is printed or logged
goes through this module: messages of errors when they are created, log records by `logger`, output of the command line
by ``cli.terminal``.
"""

from __future__ import annotations

import json
import logging
import re
import traceback
from typing import Any

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_JOINERS = "\u200c\u200d"  # needed by Persian, Indian scripts and emoji; other format characters only mislead
_NOT_PLAIN = re.compile("[^ -~]")


def printable(text: str, longest: int | None = None, *, lines: bool = False) -> str:
    """The text with a space for other white space and U+FFFD for control and format characters, cut to ``longest``.

    ``lines``: keep line feeds.
    """
    clean = _NOT_PLAIN.sub(_kept_line if lines else _kept, text)
    return clean if longest is None else clean[:longest]


def _kept(match: re.Match[str]) -> str:
    character = match[0]
    if character.isprintable() or character in _JOINERS:
        return character
    return " " if character.isspace() else REPLACEMENT


def _kept_line(match: re.Match[str]) -> str:
    return "\n" if match[0] == "\n" else _kept(match)


def as_json(value: Any, **options: Any) -> str:
    """JSON of the exact value, in which characters that do not print are escaped."""
    text = json.dumps(value, ensure_ascii=False, **options)
    return _NOT_PLAIN.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    character = match[0]
    if character.isprintable() or character == "\n":  # a line feed in a value is escaped already
        return character
    return f"\\u{ord(character):04x}" if ord(character) < 0x10000 else json.dumps(character)[1:-1]


class _Printable(logging.Filter):
    """Makes messages and tracebacks of records printable."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep the record, with its message formatted."""
        text = record.getMessage()
        if record.exc_info and record.exc_info[0] is not None:
            text += "\n" + "".join(traceback.format_exception(*record.exc_info)).rstrip()
        record.msg, record.args, record.exc_info = printable(text, lines=True), (), None
        return True


_FILTER = _Printable()


def logger(name: str) -> logging.Logger:
    """The logger of a module; its records are printable."""
    log = logging.getLogger(name)
    log.addFilter(_FILTER)
    return log
