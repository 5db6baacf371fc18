"""The difference that is reported for one recording."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mediaindex.catalog.transcripts.verification import Expected
from mediaindex.search.contents import IndexedRecording
from mediaindex.upkeep.verifying import judge

EXPECTED = Expected("a" * 64, 7, 12, 3, due=False, due_s=900.0, attempts=0, last_error=None)
INDEXED = IndexedRecording("a" * 64, revision=12, transcript_id=7, stated_turns=3, turns=3, lowest=12, highest=12)
NOTHING = replace(EXPECTED, transcript_id=None, version=None, turns=None)


def test_equal_sides_are_no_difference() -> None:
    assert judge(EXPECTED, INDEXED) is None
    assert judge(NOTHING, None) is None


def test_a_recording_that_passes_the_outbox_is_no_difference() -> None:
    assert judge(replace(EXPECTED, due=True, due_s=1.0), None) is None


def test_a_transcript_without_speech_has_no_turns() -> None:
    silent = replace(INDEXED, stated_turns=0, turns=0, lowest=None, highest=None)
    assert judge(replace(EXPECTED, turns=0), silent) is None


@pytest.mark.parametrize(
    ("expected", "indexed", "kind"),
    [
        (None, INDEXED, "unknown_recording"),
        (NOTHING, INDEXED, "surplus_documents"),
        (replace(EXPECTED, due=True), None, "due"),
        (replace(EXPECTED, due=True, due_s=1.0, attempts=1), None, "due"),
        (EXPECTED, None, "missing_documents"),
        (EXPECTED, replace(INDEXED, revision=None), "missing_documents"),
        (EXPECTED, replace(INDEXED, turns=2), "missing_documents"),
        (EXPECTED, replace(INDEXED, turns=4), "surplus_documents"),
        (EXPECTED, replace(INDEXED, lowest=11), "wrong_version"),
        (EXPECTED, replace(INDEXED, highest=13), "wrong_version"),
        (EXPECTED, replace(INDEXED, revision=11), "wrong_version"),
        (EXPECTED, replace(INDEXED, transcript_id=6), "wrong_version"),
        (EXPECTED, replace(INDEXED, stated_turns=2), "wrong_count"),
    ],
)
def test_each_difference_has_a_kind_and_a_remedy(
    expected: Expected | None, indexed: IndexedRecording | None, kind: str
) -> None:
    difference = judge(expected, indexed)
    assert difference is not None
    assert (difference.kind, bool(difference.remedy)) == (kind, True)
