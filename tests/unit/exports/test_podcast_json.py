from __future__ import annotations

import json

from mediaindex.exports import to_podcast_json


def test_segments_have_what_the_format_asks_for(dialogue):
    document = json.loads("".join(to_podcast_json(dialogue, {"SPEAKER_00": "Nagg"})))
    assert document["version"] == "1.0.0"
    assert set(document) == {"version", "segments"}
    assert all(set(segment) == {"speaker", "startTime", "endTime", "body"} for segment in document["segments"])
    assert document["segments"][0]["speaker"] == "Nagg"
    assert document["segments"][-1] == {
        "speaker": "SPEAKER_01",
        "startTime": 10.0,
        "endTime": 11.9,
        "body": "no <i>never</i> & --> R&amp;B",
    }


def test_what_is_ours_stands_under_our_name(dialogue):
    assert json.loads("".join(to_podcast_json(dialogue, extra={"source": "a.wav"})))["mediaindex"] == {
        "source": "a.wav"
    }
