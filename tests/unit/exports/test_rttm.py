from __future__ import annotations

import pytest

from mediaindex.exports import to_rttm
from mediaindex.timeline import SpeakerSpan

SPANS = (SpeakerSpan(0.5, 2.25, "SPEAKER_00"), SpeakerSpan(2.0, 3.0, "SPEAKER_01"))


def test_a_span_is_one_line_of_ten_columns():
    first = to_rttm("talk", SPANS).splitlines()[0]
    assert first == "SPEAKER talk 1 0.500 1.750 <NA> <NA> SPEAKER_00 <NA> <NA>"


def test_white_space_in_a_name_stays_inside_its_column():
    assert to_rttm("my talk\n2.wav", SPANS).splitlines()[1].split()[1] == "my_talk_2.wav"


def test_pyannote_reads_the_spans_back(tmp_path):
    util = pytest.importorskip("pyannote.database.util", reason="pyannote is in the speech environment only")
    path = tmp_path / "talk.rttm"
    path.write_text(to_rttm("talk", SPANS))
    tracks = util.load_rttm(path)["talk"].itertracks(yield_label=True)
    assert [(s.start, s.end, label) for s, _, label in tracks] == [(s.start, s.end, s.speaker) for s in SPANS]
