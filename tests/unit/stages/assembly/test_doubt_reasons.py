from __future__ import annotations

from mediaindex.contract.results import Doubt
from mediaindex.contract.states import DoubtReason
from mediaindex.stages.assembly.doubt_reasons import DoubtRules, about_doubts
from mediaindex.timeline import Span

RULES = DoubtRules(seconds=10.0, share=0.1, share_from=3.0)


def doubt(start: float, length: float, reason: DoubtReason = DoubtReason.NO_WORDS) -> Doubt:
    return Doubt(Span(start, start + length), reason)


def about(*doubts: Doubt, speech: float = 3600.0) -> list[str]:
    return list(about_doubts(doubts, speech, RULES))


def test_a_long_doubt_is_reported_with_seconds_and_time():
    assert about(doubt(190, 12.3)) == ["doubtful_no_words: No words for 12.3 s of speech at 0:03:10."]


def test_a_short_doubt_is_not_reported():
    assert about(doubt(190, 2.3)) == about(doubt(3, 2.3), speech=6.0) == []


def test_many_short_doubts_are_reported_from_a_share_of_the_speech():
    short = [doubt(10 + 20 * i, 4.0, DoubtReason.LOW_CONFIDENCE) for i in range(9)]
    assert about(*short) == []
    (reason,) = about(*short, speech=300.0)
    assert "36.0 s at 0:00:10, 0:00:30, 0:00:50, 0:01:10, 0:01:30 and 4 more" in reason


def test_each_kind_of_doubt_is_a_separate_reason():
    doubts = doubt(5000, 11, DoubtReason.LOOP), doubt(10, 20), doubt(99, 1, DoubtReason.TOO_FAST)
    assert [text.split(":")[0] for text in about(*doubts)] == [
        "doubtful_no_words",
        "doubtful_loop",
    ]
