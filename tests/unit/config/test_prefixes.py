from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from mediaindex.config.prefixes import covers, literal, overlaps, template_faults
from mediaindex.config.sources import Configuration, Source


def source(name: str, prefix: str = "", **more: Any) -> Source:
    return Source.model_validate({"name": name, "bucket": "media", "prefix": prefix, **more})


def test_the_literal_part_of_a_prefix_ends_at_its_template() -> None:
    assert [literal(prefix) for prefix in ("a/", "a/{{ ds }}/b", "a/{% if ds %}b", "a/{b}")] == [
        "a/",
        "a/",
        "a/",
        "a/{b}",
    ]


@pytest.mark.parametrize(
    "prefix",
    [
        "",
        "a/{b}/",
        "a/{{ ds }}/",
        "{{ data_interval_end | ts_nodash }}",
        "{{ params.x }}",
        "{% set day = ds %}{{ day }}",
    ],
)
def test_valid_templates_have_no_fault(prefix: str) -> None:
    assert list(template_faults(prefix)) == []


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("a/{{ ds", "is not a valid template"),
        ("a/{{ dss }}", "unknown name 'dss' in the template; write 'ds'"),
        ("a/{{ place }}", "unknown name 'place' in the template; write one of ds, ds_nodash"),
        ("a/{{ ds | ts_no_dash }}", "unknown filter 'ts_no_dash' in the template; write 'ts_nodash'"),
    ],
)
def test_faults_of_templates_are_reported(prefix: str, expected: str) -> None:
    (message,) = template_faults(prefix)
    assert expected in message


def owners(sources: tuple[Source, ...], *keys: str) -> list[str | None]:
    """The source of each key by events; by listings the same one wants it, and no other."""
    configuration = Configuration(sources=sources)
    by_event = [configuration.source_of("media", key) for key in keys]
    listed = [one for one in configuration.sources if one.bucket == "media"]
    by_listing = [[one.name for one in listed if covers(one.prefix, key) and one.wants(key)] for key in keys]
    assert by_listing == [[one.name] if one else [] for one in by_event]
    return [one.name if one else None for one in by_event]


@pytest.mark.parametrize("turned", [False, True])
def test_an_object_belongs_to_the_source_with_the_longest_prefix(turned: bool) -> None:
    sources = (source("all", "in/"), source("special", "in/special/", exclude=["*.txt"]), source("b", bucket="other"))
    keys = ("in/a.wav", "in/special/a.wav", "in/special/a.txt", "x/a.wav")
    assert owners(sources[::-1] if turned else sources, *keys) == ["all", "special", "all", None]


def test_of_equal_prefixes_the_first_source_wins() -> None:
    sources = (source("english", "in/", include=["*-en.wav"]), source("rest", "in/"))
    assert owners(sources, "in/a-en.wav", "in/a-de.wav") == ["english", "rest"]
    assert owners(sources[::-1], "in/a-en.wav", "in/a-de.wav") == ["rest", "rest"]


def test_a_date_in_a_prefix_stands_for_any_folder() -> None:
    sources = (
        source("all"),
        source("left", "calls/{{ ds }}/left/"),
        source("right", "calls/{{ ds }}/right/"),
        source("month", "m/{{ logical_date.strftime('%Y/%m') }}/x/"),
        source("free", "{% if ds %}f/{% endif %}"),
    )
    keys = ("calls/2025-03-01/left/a", "calls/2025-03-01/right/left/a", "calls/a", "m/2025/03/x/a", "m/2025/x/a")
    assert owners((*sources[:-1],), *keys) == ["left", "right", "all", "month", "all"]
    assert owners((sources[-1],), "g/a") == ["free"]


def test_a_listing_by_hand_takes_nothing_from_other_sources() -> None:
    first, _ = Configuration(sources=(source("a", "a/"), source("b", "b/"))).sources
    assert [first.wants(key) for key in ("a/x", "b/x", "c/x")] == [True, False, True]


def test_a_source_with_the_prefix_of_another_is_reported() -> None:
    ((index, message),) = overlaps([source("first", "in/{{ ds }}/"), source("second", "in/{{ds}}/")])
    assert (index, "belongs to first" in message) == (1, True)


@pytest.mark.parametrize(
    "pair",
    [
        (source("a", "a/"), source("b", "b/")),
        (source("a", "in/"), source("b", "in/b/")),
        (source("a", include=["*.wav"]), source("b", include=["*.mp3"])),
        (source("a"), Source(name="b", bucket="other")),
    ],
    ids=["prefixes", "nested", "patterns", "buckets"],
)
def test_other_sources_are_not_reported(pair: tuple[Source, Source]) -> None:
    assert list(overlaps(pair)) == []


@pytest.mark.parametrize(
    "given",
    [{}, {"prefix": "art"}, {"prefix": "artifacts/ab"}, {"include": ["*.flac"]}, {"prefix": "{{ ds }}/"}],
    ids=str,
)
def test_a_source_must_not_cover_the_artifacts(given: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDIAINDEX_ARTIFACTS_BUCKET", "media")
    content = {"name": "loop", "bucket": "media", **given}
    with pytest.raises(ValidationError, match="covers the artifacts"):
        Configuration.model_validate({"sources": [content]})
    with pytest.raises(ValidationError, match="covers the artifacts"):
        Configuration(sources=(Source.model_validate(content),))


@pytest.mark.parametrize(
    "given", [{"prefix": "in/"}, {"exclude": ["artifacts/*"]}, {"include": ["*.wav"]}, {"bucket": "other"}], ids=str
)
def test_a_source_in_the_artifacts_bucket_excludes_artifacts(
    given: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEDIAINDEX_ARTIFACTS_BUCKET", "media")
    content = {"name": "calls", "bucket": "media", **given}
    (one,) = Configuration.model_validate({"sources": [content]}).sources
    assert one.wants("artifacts/ab/a.wav") is (one.bucket == "other")
