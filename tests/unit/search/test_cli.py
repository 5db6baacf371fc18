from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from mediaindex.cli.search import clock, show, to_json
from mediaindex.printable import printable
from mediaindex.search import Hit, Piece


def hit(title: str = "A talk", text: str = "the dogs run") -> Hit:
    return Hit(
        recording="a" * 64, title=title, key="a.mp3", source="talks", turn=0, speaker="SPEAKER_00", language="en",
        start=60.0, end=70.0, start_of_match=3725.04, text=text, score=1.0, link="s3://media/a.mp3#t=3725.04",
        highlight=(Piece("the ", matched=False), Piece("dogs", matched=True), Piece(" run", matched=False)),
        needs_review=True, cursor=(1.0, 0, "a", 0),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.0, "0:00:00.0"), (59.96, "0:01:00.0"), (3725.04, "1:02:05.0"), (90000.5, "25:00:00.5")]
)
def test_times_are_shown_as_hours_minutes_seconds(seconds: float, shown: str) -> None:
    assert clock(seconds) == shown


def test_a_hit_shows_recording_time_speaker_text_and_link() -> None:
    out = io.StringIO()
    show([hit()], Console(file=out, width=200))
    for part in ("A talk", "1:02:05.0", "SPEAKER_00", "the dogs run", "s3://media/a.mp3#t=3725.04", "not yet reviewed"):
        assert part in out.getvalue()


def test_markup_and_escape_sequences_in_titles_are_plain_text() -> None:
    out = io.StringIO()
    show([hit(title="[bold]x[/nope]\x1b]0;owned\x07")], Console(file=out, width=200))
    assert "[bold]x[/nope]" in out.getvalue()
    assert "\x1b" not in out.getvalue()


def test_printable_keeps_any_script() -> None:
    assert printable("Grüße, 世界! 👋") == "Grüße, 世界! 👋"


def test_json_keeps_every_field() -> None:
    (read,) = json.loads(to_json([hit()]))
    assert read["start_of_match"] == 3725.04
    assert read["highlight"][1] == {"text": "dogs", "matched": True}
