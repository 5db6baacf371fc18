from __future__ import annotations

import pytest
from pydantic import ValidationError

from mediaindex.config.rules import facts_in, wanted
from mediaindex.config.sources import Configuration, Source


def source(name: str = "calls", **more: object) -> Source:
    return Source.model_validate({"name": name, "bucket": "media", **more})


@pytest.mark.parametrize(
    ("key", "is_wanted"),
    [("in/a.wav", True), ("in/2025/b.wav", True), ("in/a.WAV", False), ("in/a.txt", False), ("in/tmp/a.wav", False)],
)
def test_a_key_must_match_an_included_and_no_excluded_pattern(key: str, is_wanted: bool) -> None:
    assert wanted(key, ["in/*.wav", "out/*"], ["*/tmp/*"]) is is_wanted


def test_without_patterns_every_key_is_wanted() -> None:
    assert wanted("any [thing]?*", [], [])


def test_named_groups_are_facts_in_the_key() -> None:
    pattern = r"(?P<show>[^/]+)/(?P<date>\d{4}-\d\d-\d\d)(_(?P<speaker>\w+))?\."
    assert facts_in("in/news/2025-03-01_anna.wav", pattern) == {"show": "news", "date": "2025-03-01", "speaker": "anna"}
    assert facts_in("in/news/2025-03-01.wav", pattern) == {"show": "news", "date": "2025-03-01"}
    assert facts_in("in/other.wav", pattern) == facts_in("a", None) == {}


@pytest.mark.parametrize(("pattern", "why"), [("(?P<a", "regular expression"), (r"\d+", "named group")])
def test_a_key_pattern_needs_a_named_group(pattern: str, why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        source(metadata=pattern)


def test_an_announced_object_belongs_to_the_source_with_the_longest_prefix() -> None:
    sources = (source("all"), source("calls", prefix="calls/{{ ds }}/", exclude=["*.txt"]), source("b", bucket="other"))
    configuration = Configuration(sources=sources)
    matches = {key: configuration.source_of("media", key) for key in ("calls/2025/a.wav", "calls/a.txt", "x.wav")}
    assert {key: match and match.name for key, match in matches.items()} == {
        "calls/2025/a.wav": "calls",
        "calls/a.txt": "all",
        "x.wav": "all",
    }
    assert configuration.source_of("unknown", "a") is None


def test_queues_of_the_file_take_precedence_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDIAINDEX_EVENT_QUEUES", "http://a/1/q http://a/1/r")
    assert Configuration(sources=()).queues == ("http://a/1/q", "http://a/1/r")
    assert Configuration(sources=(), event_queues=("http://b/1/q",)).queues == ("http://b/1/q",)


def test_triage_settings_of_a_source_take_precedence() -> None:
    configuration = Configuration(
        sources=(source("a", triage={"min_snr_db": 1.0}), source("b")), triage={"min_snr_db": 3.0}
    )
    assert [configuration.triage_of(name) for name in "ab"] == [{"min_snr_db": 1.0}, {"min_snr_db": 3.0}]
    with pytest.raises(ValidationError, match="nosy"):
        source(triage={"nosy": 1})
