"""Which difference is told of one recording."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mediaindex.catalog.transcripts.verification import Expected
from mediaindex.search.contents import Found
from mediaindex.upkeep.verifying_documents import judge

EXPECTED = Expected("a" * 64, 7, 12, 3, due=False, attempts=0, last_error=None)
FOUND = Found("a" * 64, revision=12, transcript_id=7, said_turns=3, turns=3, lowest=12, highest=12)
NOTHING = replace(EXPECTED, transcript_id=None, version=None, turns=None)


def test_the_same_on_both_sides_is_no_difference() -> None:
    assert judge(EXPECTED, FOUND) is None
    assert judge(NOTHING, None) is None


def test_a_transcript_in_which_nobody_speaks_has_no_turns() -> None:
    silent = replace(FOUND, said_turns=0, turns=0, lowest=None, highest=None)
    assert judge(replace(EXPECTED, turns=0), silent) is None


@pytest.mark.parametrize(
    ("expected", "found", "kind"),
    [
        (None, FOUND, "unknown_recording"),
        (NOTHING, FOUND, "surplus_documents"),
        (replace(EXPECTED, due=True), None, "due"),
        (EXPECTED, None, "missing_documents"),
        (EXPECTED, replace(FOUND, revision=None), "missing_documents"),
        (EXPECTED, replace(FOUND, turns=2), "missing_documents"),
        (EXPECTED, replace(FOUND, turns=4), "surplus_documents"),
        (EXPECTED, replace(FOUND, lowest=11), "wrong_version"),
        (EXPECTED, replace(FOUND, highest=13), "wrong_version"),
        (EXPECTED, replace(FOUND, revision=11), "wrong_version"),
        (EXPECTED, replace(FOUND, transcript_id=6), "wrong_version"),
        (EXPECTED, replace(FOUND, said_turns=2), "wrong_count"),
    ],
)
def test_what_differs_is_named(expected: Expected | None, found: Found | None, kind: str) -> None:
    difference = judge(expected, found)
    assert difference is not None
    assert (difference.kind, bool(difference.remedy)) == (kind, True)
