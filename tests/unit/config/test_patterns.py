"""A pattern in the sources file cannot stop the discovery of a source."""

from __future__ import annotations

import re
import time

import pytest

from mediaindex.config.patterns import key_pattern

KEYS = ["a" * 1024, "a/" * 512, "a-" * 512 + "!", "1" * 1024 + "/", ("ab" * 500) + "!"]


@pytest.mark.parametrize(
    "pattern",
    [
        r"(?P<show>(a+)+)b",
        r"(?P<show>([a-z]+-?)*)!",
        r"(?P<show>(?:a|ab)*)c",
        r"(?P<show>.*)-(?P<date>.*)-(?P<title>.*)",
        r"(?P<show>\w+\d+)x",
        r"(?P<show>a+)(?P<more>a+)b",
        r"(?P<show>[a-z]{1,1000}){2,1000}x",
        r"(?P<show>.+)/(?P=show)",
    ],
)
def test_a_pattern_that_may_take_minutes_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="minutes"):
        key_pattern(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        r"(?P<show>[^/]+)/(?P<date>[0-9-]+)",
        r"^calls/(?P<agent>[a-z]+)/(?P<date>\d{4}-\d{2}-\d{2})/(?P<title>.+)\.(?:wav|mp3)$",
        r"(?P<year>\d{4})(?P<month>\d\d)?",
        r"(?i)(?P<show>news|talk)/",
    ],
)
def test_usual_patterns_are_accepted_and_fast(pattern: str) -> None:
    began = time.process_time()
    for key in KEYS:
        re.search(key_pattern(pattern), key)
    assert time.process_time() - began < 5.0
