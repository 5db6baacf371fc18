from __future__ import annotations

import webvtt

from mediaindex.exports import to_vtt
from mediaindex.timeline import Transcript


def test_times_are_kept_to_the_millisecond(dialogue):
    caption = webvtt.from_string(to_vtt(dialogue))[-1]
    assert (caption.start, caption.end) == ("00:00:10.000", "00:00:11.900")


def test_words_cannot_open_a_tag_an_entity_or_a_cue(dialogue):
    last = to_vtt(dialogue).splitlines()[-1]
    assert last == "<v SPEAKER_01>no &lt;i&gt;never&lt;/i&gt; &amp; --&gt; R&amp;amp;B"


def test_a_name_cannot_close_its_tag(dialogue):
    captions = webvtt.from_string(to_vtt(dialogue, {"SPEAKER_01": "A>B & <C>"}))
    assert "<v A&gt;B &amp; &lt;C&gt;>no" in captions[-1].raw_text


def test_an_empty_transcript_is_a_valid_file():
    content = to_vtt(Transcript(0.0, 1.0, "und", "x", ()))
    assert content == "WEBVTT\n"
    assert len(webvtt.from_string(content)) == 0
