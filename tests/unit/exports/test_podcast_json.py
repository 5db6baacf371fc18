from __future__ import annotations

import json
import tracemalloc
from dataclasses import asdict

from mediaindex.exports import to_podcast_json
from mediaindex.timeline import Transcript


def test_segments_have_the_fields_of_the_format(dialogue):
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


def test_extra_data_is_under_mediaindex(dialogue):
    document = json.loads("".join(to_podcast_json(dialogue, extra={"source": "a.wav", "transcript": dialogue})))
    assert document["mediaindex"] == {"source": "a.wav", "transcript": json.loads(json.dumps(asdict(dialogue)))}


def test_a_long_transcript_is_written_in_pieces(dialogue):
    nothing, turns = Transcript(0.0, 20.0, "en", "conformer", ()), dialogue.turns * 500
    size, peak = 0, 0
    tracemalloc.start()
    for piece in to_podcast_json(nothing, extra={"turns": turns}):
        size += len(piece)
        peak = max(peak, tracemalloc.get_traced_memory()[1])
    tracemalloc.stop()
    assert size > 1_000_000
    assert peak < size / 10
