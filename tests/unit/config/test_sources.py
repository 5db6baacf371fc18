from __future__ import annotations

from pathlib import Path

import pytest

from mediaindex.config import sources
from mediaindex.contract.job import FolderStore, Job
from mediaindex.errors import ConfigError

ROOT = Path(__file__).parents[3]
GOOD = "sources:\n  - name: calls\n    bucket: my-calls\n    prefix: in/\n    languages: [en, de]\n    speakers: 2\n"


def load(tmp_path: Path, text: str) -> sources.Configuration:
    path = tmp_path / "sources.yaml"
    path.write_text(text, "utf-8")
    return sources.load(path)


def test_the_example_is_valid() -> None:
    source = sources.load(ROOT / "local" / "sources.yaml").source("recordings")
    assert (source.name, source.bucket, source.prefix) == ("recordings", "mediaindex-media", "incoming/")


def test_hints_are_facts_of_the_source(tmp_path: Path) -> None:
    hints = load(tmp_path, GOOD).source("calls").hints
    assert (hints.languages, hints.speakers) == (("en", "de"), 2)


def test_recognisers_are_part_of_the_job(tmp_path: Path) -> None:
    configuration = load(tmp_path, "recognisers: [parakeet-tdt-0.6b-v3, whisper-base]\n" + GOOD)
    job = Job(stage="transcribe", items=(), store=FolderStore(path="."), recognisers=configuration.recognisers)
    assert Job.model_validate_json(job.model_dump_json()).recognisers == ("parakeet-tdt-0.6b-v3", "whisper-base")


OWN = "models: [{name: ours, engine: nemo-ctc, languages: [eo], path: /srv/ours.nemo}]\n"


def test_own_models_are_part_of_the_job_and_may_be_named_in_recognisers(tmp_path: Path) -> None:
    configuration = load(tmp_path, OWN + "recognisers: [ours, whisper-base]\n" + GOOD.replace("[en, de]", "[eo]"))
    assert configuration.source("calls").languages == ("eo",)  # which no model of the registry supports
    job = Job(stage="transcribe", items=(), store=FolderStore(path="."), models=configuration.models)
    (model,) = Job.model_validate_json(job.model_dump_json()).models
    assert (model.name, model.engine, model.path) == ("ours", "nemo-ctc", "/srv/ours.nemo")


def test_a_language_that_only_an_unused_model_supports_is_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "sources.yaml"
    path.write_text(OWN + "recognisers: [whisper-base]\n" + GOOD.replace("[en, de]", "[eo]"), "utf-8")
    (warning,) = sources.check(path).warnings
    assert "none of the file's recognisers supports 'eo'" in warning.message


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (GOOD.replace("prefix", "prefx"), "prefx"),
        (GOOD.replace("calls\n    bucket", "My Calls\n    bucket"), "name"),
        (GOOD.replace("speakers: 2", "speakers: none"), "speakers"),
        (GOOD.replace("speakers: 2", "tracks: all"), "tracks"),
        (GOOD + GOOD.removeprefix("sources:\n"), "another source is called"),
        ("sources: [", "not YAML"),
        ("", "sources.yaml"),
    ],
    ids=["unknown-field", "name", "number", "choice", "twice", "yaml", "empty"],
)
def test_an_error_names_the_file_and_the_place(text: str, place: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=place) as caught:
        load(tmp_path, text)
    assert "sources.yaml" in str(caught.value)


def test_a_missing_file_is_reported_with_the_variable_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="MEDIAINDEX_CONFIG"):
        sources.load(tmp_path / "none.yaml")


@pytest.mark.parametrize("replaced", [True, False], ids=["replaced", "written"])
def test_a_long_running_process_follows_the_file(tmp_path: Path, replaced: bool) -> None:
    path = tmp_path / "sources.yaml"
    path.write_text(GOOD, "utf-8")
    first = sources.load(path)
    assert sources.load(path) is first  # it is not parsed again
    other = path.with_suffix(".new") if replaced else path
    other.write_text(GOOD.replace("my-calls", "my-callz"), "utf-8")
    other.replace(path)
    assert sources.load(path).source("calls").bucket == "my-callz"


def test_a_corrected_file_is_loaded_after_a_faulty_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        load(tmp_path, "sources: [")
    assert load(tmp_path, GOOD).source("calls").bucket == "my-calls"
