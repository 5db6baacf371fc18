from __future__ import annotations

import pytest

from mediaindex.evaluation.diarization_metrics import diarization_error, jaccard_error
from mediaindex.timeline import SpeakerSpan

TWICE = (SpeakerSpan(0.0, 5.0, "ann"), SpeakerSpan(1.0, 6.0, "ann"))
HEARD = (SpeakerSpan(0.0, 6.0, "x"),)


@pytest.mark.parametrize("overlap", [True, False])
def test_overlapping_lines_of_one_speaker_count_once(overlap: bool) -> None:
    assert diarization_error(TWICE, HEARD, 6.0, collar=0.0, overlap=overlap) == (0.0, 6.0)
    assert jaccard_error(TWICE, HEARD, 6.0, collar=0.0, overlap=overlap) == (0.0, 1.0)


def test_overlapping_speakers_count_twice() -> None:
    both = (SpeakerSpan(0.0, 5.0, "ann"), SpeakerSpan(1.0, 6.0, "bob"))
    assert diarization_error(both, HEARD, 6.0, collar=0.0, overlap=True)[1] == 10.0
