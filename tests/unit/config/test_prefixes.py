from __future__ import annotations

from typing import Any

import pytest

from mediaindex.config.prefixes import literal, overlaps, template_faults
from mediaindex.config.sources import Source


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


def test_a_source_below_another_is_reported() -> None:
    reported = list(overlaps([source("special", "in/special/"), source("all", "in/")]))
    assert reported == [
        (1, "all also lists objects of special, and only one of them claims each; add 'in/special/*' to exclude")
    ]


@pytest.mark.parametrize(
    "pair",
    [
        (source("a", "a/"), source("b", "b/")),
        (source("a", "in/", exclude=["in/b/*"]), source("b", "in/b/")),
        (source("a", include=["*.wav"]), source("b", include=["*.mp3"])),
        (source("a"), Source(name="b", bucket="other")),
    ],
    ids=["prefixes", "excluded", "patterns", "buckets"],
)
def test_sources_with_different_objects_are_not_reported(pair: tuple[Source, Source]) -> None:
    assert list(overlaps(pair)) == []
