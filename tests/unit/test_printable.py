from __future__ import annotations

import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaindex.errors import TerminalError
from mediaindex.printable import as_json, logger, printable

ESC = "\x1b]0;owned\x07\x1b[31m"
BIDI = "\u202egnp.exe\u2066\u200f"


def is_harmless(text: str) -> bool:
    return all(character.isprintable() or character in "\u200c\u200d" for character in text)


@given(st.text())
def test_any_text_becomes_harmless(text: str) -> None:
    assert is_harmless(printable(text))
    assert is_harmless(printable(text, lines=True).replace("\n", ""))
    assert len(printable(text)) == len(text)


@given(st.text())
def test_json_is_exact_and_harmless(text: str) -> None:
    document = as_json({"name": text, "list": [text]}, indent=2)
    assert json.loads(document) == {"name": text, "list": [text]}
    assert is_harmless(document.replace("\n", "").replace("\u200c", ""))


@pytest.mark.parametrize("text", ["Grüße, 世界! 👋", "می‌خواهم", "हिन्दी", "👨‍👩‍👧 a b"])
def test_any_script_is_kept(text: str) -> None:
    assert printable(text) == text


def test_messages_of_errors_are_harmless() -> None:
    error = TerminalError(f"{ESC}{BIDI}.wav: wrong\nuse another")
    assert is_harmless(error.message.replace("\n", ""))
    assert error.message.endswith("wrong\nuse another")
    assert str(error) == error.message


def test_log_records_and_tracebacks_are_harmless(caplog: pytest.LogCaptureFixture) -> None:
    log = logger("mediaindex.test_printable")
    with caplog.at_level(logging.INFO, log.name):
        log.info("%s: read %d", ESC, 3)
        try:
            int(BIDI)
        except ValueError:
            log.exception("failed on %s", BIDI)
    assert is_harmless(caplog.text.replace("\n", ""))
    assert "read 3" in caplog.text
    assert "ValueError" in caplog.text
