from __future__ import annotations

import srt

from mediaindex.exports import to_srt
from mediaindex.timeline import Transcript


def test_a_speaker_is_named_at_each_change_only(dialogue):
    contents = [subtitle.content for subtitle in srt.parse(to_srt(dialogue, {"SPEAKER_00": "Nagg"}))]
    assert contents[0].startswith("Nagg: have you")
    assert [content.startswith("SPEAKER_01: ") for content in contents].count(True) == 1
    assert sum("Nagg:" in content for content in contents) == 1


def test_line_breaks_in_names_are_removed(dialogue):
    contents = [
        s.content for s in srt.parse(to_srt(dialogue, {"SPEAKER_00": "Na\n\n9\n00:00:00,000 --> 00:00:09,000"}))
    ]
    assert contents[0].startswith("Na 9 00:00:00,000")


def test_an_empty_transcript_is_an_empty_file():
    assert to_srt(Transcript(0.0, 1.0, "und", "x", ())) == ""
