from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mediaindex.config import sources
from mediaindex.errors import ConfigError

HEAD = "sources:\n  - name: calls\n    bucket: my-calls\n"


def complaint(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "sources.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError) as caught:
        sources.load(path)
    return [line.removeprefix(f"{path}:") for line in str(caught.value).splitlines()]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "stages: {transcirbe: {max_chnk: 3}}\n",
            "1: stages.transcirbe: unknown stage 'transcirbe'; write 'transcribe'",
        ),
        (
            "stages: {transcribe: {max_chnk: 3}}\n",
            "1: stages.transcribe.max_chnk: unknown setting 'max_chnk'; write 'max_chunk'",
        ),
        ("triage: {min_snr: 4}\n", "1: triage.min_snr: unknown setting 'min_snr'; write 'min_snr_db'"),
        (
            "recognisers: [no-such-model]\n",
            "1: recognisers[0]: unknown recogniser 'no-such-model'; valid recognisers: ",
        ),
        ("recognisers: [wisper-base]\n", "1: recognisers[0]: unknown recogniser 'wisper-base'; write 'whisper-base'"),
        ("recognisers: [silero-vad]\n", "1: recognisers[0]: unknown recogniser 'silero-vad'"),
        (
            "recognisers: [whisper-base, whisper-base]\n",
            "1: recognisers[1]: is listed twice; keep one",
        ),
        (
            "stages: {transcribe: {max_chunk: 99}}\n",
            "1: stages.transcribe.max_chunk: is 99; write a number of at most 30",
        ),
        ("stages: {transcribe: {group: x}}\n", "1: stages.transcribe.group: is 'x'; write a whole number"),
        ("stages: {transcribe: {reach: .inf}}\n", "1: stages.transcribe.reach: is inf; write a finite number"),
        ("stages:\n  transcribe:\n", "2: stages.transcribe: is empty; write fields below it"),
        (
            "stages: {detect_speech: {leave: 0.9}}\n",
            "1: stages.detect_speech: leave is 0.9, above enter (0.5); write a leave of at most enter",
        ),
        ("event_queues: [ftp://a/b]\n", "1: event_queues[0]: 'ftp://a/b' is invalid; write text that matches"),
        ("prices: {currency: EUR, cpu_core_hour: .nan}\n", "1: prices.cpu_core_hour: is nan; write a finite number"),
    ],
)
def test_a_fault_of_the_whole_file_names_line_field_and_remedy(tmp_path: Path, text: str, message: str) -> None:
    (line,) = complaint(tmp_path, text + HEAD)
    assert line.startswith(message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("prefx: in/", "4: sources[0].prefx: unknown field 'prefx'; write 'prefix'"),
        (
            "stages: {transcirbe: {max_chnk: 3}}",
            "4: sources[0].stages: unknown field 'stages'; move 'stages' to the top level of the file",
        ),
        ("triage: {min_snr: 4}", "4: sources[0].triage.min_snr: unknown setting 'min_snr'; write 'min_snr_db'"),
        ("triage: {min_allowed: 7}", "4: sources[0].triage.min_allowed: is 7; write a number of at most 1"),
        ("listing:\n      ordr: keys", "5: sources[0].listing.ordr: unknown field 'ordr'; write 'order'"),
        ("listing: {order: time}", "4: sources[0].listing.order: 'time' is invalid; write 'any' or 'keys'"),
        ("languages: en", "4: sources[0].languages: is 'en'; write a list, such as [a, b]"),
        (
            "languages: [zz]",
            "4: sources[0].languages[0]: no recogniser supports a language 'zz'; write an ISO 639-1 code",
        ),
        ("languages: [no]", "4: sources[0].languages[0]: is False; write text in quotes"),
        ("schedule: hourly", "4: sources[0].schedule: 'hourly' has 1 cron fields; write five cron fields, such as"),
        ("schedule: 61 * * * *", "4: sources[0].schedule: the minute '61' is invalid; write 0 to 59"),
        ("metadata: '(?P<a'", "4: sources[0].metadata: '(?P<a' is not a regular expression"),
        ("metadata: 'a+'", "4: sources[0].metadata: 'a+' has no named group; write it as (?P<show>"),
        ("prefix: 'calls/{{ dss }}/'", "4: sources[0].prefix: unknown name 'dss' in the template; write 'ds'"),
        ("bucket: twice", "4: sources[0].bucket: occurs twice; keep one"),
        ("archive:", "4: sources[0].archive: is empty; write fields below it"),
        ("raw_format: {channels: 0}", "4: sources[0].raw_format.channels: is 0; write a number of at least 1"),
        (
            "retention: {transcript_days: 90}",
            "4: sources[0].retention.transcript_days: media_days is not set, so recordings would outlive",
        ),
        ("feeds: [https://a.example/b]", "4: sources[0].feeds: only a source of kind podcast has feeds; add 'kind:"),
        ("kind: podcast", "2: sources[0].feeds: a source of kind podcast needs feeds; list their addresses"),
        ("podcast: {since: 2026-02-30}", "4: sources[0].podcast.since: input should be a valid date"),
    ],
)
def test_a_fault_of_a_source_names_line_field_and_remedy(tmp_path: Path, text: str, message: str) -> None:
    (line,) = complaint(tmp_path, f"{HEAD}    {text}\n")
    assert line.startswith(message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD + "  - name: b\n", "4: sources[1].bucket: is missing; add 'bucket: VALUE'"),
        (
            HEAD + HEAD.removeprefix("sources:\n"),
            "4: sources[1].name: another source is called 'calls'; choose another name",
        ),
        ("- a\n", "1: the file: is ['a']; write fields below it"),
        ("", "1: the file: is empty; write fields below it"),
        ("sources: [\n", "2: the file: is not YAML: "),
        ("sources: []\nstages: {a: [b}\n", "2: the file: is not YAML: "),
    ],
)
def test_a_fault_of_the_structure_names_its_line(tmp_path: Path, text: str, message: str) -> None:
    (line,) = complaint(tmp_path, text)
    assert line.startswith(message)


def test_faults_come_in_the_order_of_the_file(tmp_path: Path) -> None:
    lines = complaint(tmp_path, HEAD + "    speakers: two\n    lane: fast\n    batch_items: 0\n")
    assert lines[0].endswith("3 faults")
    assert [line.partition(":")[0] for line in lines[1:]] == ["4", "5", "6"]


def test_a_password_of_a_feed_is_not_shown(tmp_path: Path) -> None:
    lines = complaint(tmp_path, HEAD + "    kind: podcast\n    feeds: ['ftp://ann:secret@a.example/feed']\n")
    assert "secret" not in "".join(lines)


def test_a_large_limit_is_written_in_full(tmp_path: Path) -> None:
    (line,) = complaint(tmp_path, HEAD + "    podcast: {episode_bytes: 1000000000000}\n")
    assert line.endswith("is 1000000000000; write a number of at most 68719476736")


GOOD: dict[str, Any] = {
    "sources": [
        {"name": "calls", "bucket": "my-calls", "prefix": "calls/{{ ds }}/", "languages": ["en"]},
        {"name": "shows", "bucket": "my-shows", "kind": "podcast", "feeds": ["https://a.example/feed"]},
    ],
    "stages": {"transcribe": {"max_chunk": 20}},
    "triage": {"min_snr_db": 2},
    "recognisers": ["whisper-base"],
    "models": [{"name": "ours", "engine": "whisper", "languages": ["en"], "path": "/srv/ours"}],
}
# The place of each fault, and the value there.
FAULTS: Mapping[tuple[str | int, ...], Any] = {
    ("stages", "transcirbe"): {"max_chnk": 3},
    ("stages", "transcribe", "max_chnk"): 3,
    ("stages", "transcribe", "max_chunk"): "long",
    ("stages", "diarize"): None,
    ("triage", "min_snr"): 4,
    ("triage", "min_allowed"): 7,
    ("recognisers", 0): "no-such-model",
    ("models", 0, "engine"): "kaldi",
    ("models", 0, "colour"): "red",
    ("event_queues",): "a",
    ("prices",): 3,
    ("nothing",): 1,
    ("sources", 0, "stages"): {"transcirbe": {}},
    ("sources", 0, "prefix"): "calls/{{ nothing }}/",
    ("sources", 0, "schedule"): "61 * * * *",
    ("sources", 0, "languages", 0): "zz",
    ("sources", 0, "metadata"): "(",
    ("sources", 0, "retention"): {"media_days": 0},
    ("sources", 0, "triage"): {"min_speech_share": 2},
    ("sources", 0, "speakers"): "two",
    ("sources", 1, "name"): "calls",
    ("sources", 1, "feeds", 0): "ftp://a",
    ("sources", 1, "bucket"): 7,
    ("sources", 1, "prefix"): "shows/{{ ds }}/",
}
# In these the fault is inside of the value.
DEEPER: dict[tuple[str | int, ...], str] = {
    ("sources", 0, "retention"): ".media_days",
    ("sources", 0, "triage"): ".min_speech_share",
}


def named(place: tuple[str | int, ...]) -> str:
    field = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place).lstrip(".")
    return field + DEEPER.get(place, "")


@given(st.sets(st.sampled_from(sorted(FAULTS, key=str)), min_size=1))
def test_every_fault_of_a_file_is_reported(
    tmp_path_factory: pytest.TempPathFactory, places: set[tuple[str | int, ...]]
) -> None:
    content = copy.deepcopy(GOOD)
    for place in places:
        inner: Any = content
        for step in place[:-1]:
            inner = inner[step]
        inner[place[-1]] = FAULTS[place]
    path = tmp_path_factory.mktemp("faults") / "sources.yaml"
    path.write_text(yaml.safe_dump(content), "utf-8")
    assert sorted(fault.field for fault in sources.check(path).faults) == sorted(map(named, places))


ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8) | st.integers(), inner, max_size=3),
)


@given(st.sampled_from([*sources.Source.model_fields, *sources.Configuration.model_fields]), ANYTHING)
def test_any_value_of_a_field_is_valid_or_a_fault(
    tmp_path_factory: pytest.TempPathFactory, field: str, value: Any
) -> None:
    content = copy.deepcopy(GOOD)
    inner = content if field in sources.Configuration.model_fields else content["sources"][0]
    inner[field] = value
    path = tmp_path_factory.mktemp("anything") / "sources.yaml"
    path.write_text(yaml.safe_dump(content), "utf-8")
    checked = sources.check(path)
    assert (checked.configuration is None) == bool(checked.faults)
