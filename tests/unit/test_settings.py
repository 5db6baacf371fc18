from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import Field, SecretStr

from mediaindex.errors import ConfigError
from mediaindex.settings import (
    GROUPS,
    Group,
    LanguageModelSettings,
    ModelSettings,
    RetrySettings,
    ScheduleSettings,
    ServerSettings,
    SourceSettings,
    SpeechSettings,
    StorageSettings,
    problems,
    unknown_variables,
)

EVERY_VARIABLE = [(group, name) for group in GROUPS for name in group.model_fields]


class Guarded(Group):
    """A secret with a limit"""

    token: SecretStr | None = Field(None, min_length=20)


@pytest.mark.parametrize("group", GROUPS)
def test_the_defaults_are_valid(group: type[Group]) -> None:
    defaults = group.read({})
    assert defaults == group.defaults() == group.model_validate(defaults.model_dump())


def test_an_empty_variable_counts_as_not_set() -> None:
    assert RetrySettings.read({"MEDIAINDEX_RETRY_SECONDS": " "}) == RetrySettings()


def test_the_environment_is_read_at_each_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDIAINDEX_SPEECH_SLOTS", "2")
    assert SpeechSettings.read().speech_slots == 2
    monkeypatch.setenv("MEDIAINDEX_SPEECH_SLOTS", "3")
    assert SpeechSettings.read().speech_slots == 3


def test_values_have_types() -> None:
    variables = {
        "MEDIAINDEX_OFFLINE": "yes",
        "MEDIAINDEX_CACHE": "~/models",
        "MEDIAINDEX_DEVICE": " CUDA ",
        "MEDIAINDEX_RECOGNISERS": "whisper-base, other",
        "MEDIAINDEX_EVENT_QUEUES": "http://a/1/q http://a/1/r",
        "MEDIAINDEX_BACKOFF_SECONDS": "1.5",
    }
    assert ModelSettings.read(variables).offline is True
    assert ModelSettings.read(variables).cache == Path.home() / "models"
    assert SpeechSettings.read(variables).device == "cuda"
    assert SpeechSettings.read(variables).recognisers == ("whisper-base", "other")
    assert SourceSettings.read(variables).event_queues == ("http://a/1/q", "http://a/1/r")
    assert RetrySettings.read(variables).backoff_seconds == 1.5


@pytest.mark.parametrize(
    ("group", "variable", "value", "remedy"),
    [
        (SpeechSettings, "MEDIAINDEX_DEVICE", "gpu", "write cpu or cuda"),
        (SpeechSettings, "MEDIAINDEX_PRECISION", "int4", "write int8 or float32"),
        (SpeechSettings, "MEDIAINDEX_SPEECH_SLOTS", "0", "write a whole number of at least 1"),
        (SpeechSettings, "MEDIAINDEX_SPEECH_SLOTS", "two", "write a whole number of at least 1"),
        (LanguageModelSettings, "MEDIAINDEX_LANGUAGE_MODEL_WEIGHT", "nan", "write a number from 0 to 10"),
        (LanguageModelSettings, "MEDIAINDEX_LANGUAGE_MODEL_BEAM", "1001", "write a whole number from 1 to 1000"),
        (RetrySettings, "MEDIAINDEX_BACKOFF_SECONDS", "-1", "write a number from 0 to 604800"),
        (ModelSettings, "MEDIAINDEX_OFFLINE", "maybe", "write true or false"),
        (ServerSettings, "MEDIAINDEX_S3_ENDPOINT_URL", "host:9000", "write text such as http://localhost:9000"),
        (
            SourceSettings,
            "MEDIAINDEX_EVENT_QUEUES",
            "queue",
            "write a list separated by spaces or commas, such as http",
        ),
        (StorageSettings, "MEDIAINDEX_INDEX_PREFIX", "My_Index", "write text that matches"),
        (ScheduleSettings, "MEDIAINDEX_SWEEP_SCHEDULE", "often", r"write text such as \*/5 \* \* \* \* or @hourly"),
    ],
)
def test_an_invalid_value_is_reported_with_variable_value_and_remedy(
    group: type[Group], variable: str, value: str, remedy: str
) -> None:
    with pytest.raises(ConfigError, match=f"{variable} is '{value}'; {remedy}.*, or unset it"):
        group.read({variable: value})


def test_all_invalid_values_of_a_group_are_reported_together() -> None:
    with pytest.raises(ConfigError, match=r"MEDIAINDEX_TRANSIENT_ATTEMPTS.*MEDIAINDEX_RETRY_SECONDS"):
        RetrySettings.read({"MEDIAINDEX_TRANSIENT_ATTEMPTS": "0", "MEDIAINDEX_RETRY_SECONDS": "soon"})


def test_an_invalid_value_does_not_affect_other_groups() -> None:
    assert ModelSettings.read({"MEDIAINDEX_RETRY_SECONDS": "soon"}) == ModelSettings()


def test_the_invalid_values_of_all_groups_are_listed() -> None:
    invalid = {"MEDIAINDEX_RETRY_SECONDS": "soon", "MEDIAINDEX_DEVICE": "gpu"}
    assert [message.split()[0] for message in problems(invalid)] == ["MEDIAINDEX_DEVICE", "MEDIAINDEX_RETRY_SECONDS"]
    assert not list(problems({}))


def test_a_missing_variable_is_reported_with_meaning_and_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MEDIAINDEX_ARTIFACTS_BUCKET", raising=False)
    with pytest.raises(ConfigError, match=r"^MEDIAINDEX_ARTIFACTS_BUCKET is not set\. The bucket .* Set it here\.$"):
        StorageSettings.need("artifacts_bucket", "Set it here.")


def test_a_needed_secret_is_returned_as_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDIAINDEX_DATABASE_URL", "postgresql://user:password@host/db")
    assert ServerSettings.need("database_url", "") == "postgresql://user:password@host/db"


def test_an_unknown_field_has_no_variable() -> None:
    with pytest.raises(KeyError, match="artefacts"):
        StorageSettings.variable("artefacts")


def test_a_secret_is_not_shown() -> None:
    read = ServerSettings.read({"MEDIAINDEX_DATABASE_URL": "postgresql://user:password@host/db"})
    assert "password" not in f"{read!r} {read} {read.model_dump()}"
    assert read.database_url is not None
    assert "password" in read.database_url.get_secret_value()


def test_an_invalid_secret_is_not_shown() -> None:
    with pytest.raises(ConfigError, match=r"MEDIAINDEX_TOKEN is not valid \(its value is not shown\)") as caught:
        Guarded.read({"MEDIAINDEX_TOKEN": "password"})
    assert "password" not in repr(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("name", ["database_url", "elasticsearch_url", "elasticsearch_api_key"])
def test_variables_with_passwords_are_secrets(name: str) -> None:
    assert ServerSettings.is_secret(name)


def test_a_misspelt_variable_is_reported_with_the_similar_one() -> None:
    variables = {
        "MEDIAINDEX_PRECISON": "int8",
        "MEDIAINDEX_PORT_S3": "9000",
        "PRECISON": "",
        "MEDIAINDEX_DEVICE": "cpu",
    }
    assert unknown_variables(variables) == {"MEDIAINDEX_PRECISON": "MEDIAINDEX_PRECISION"}


@pytest.mark.parametrize(("group", "name"), EVERY_VARIABLE)
def test_each_variable_is_documented(group: type[Group], name: str) -> None:
    field = group.model_fields[name]
    assert str(field.description).endswith(".")
    assert isinstance(field.json_schema_extra, dict)
    assert field.json_schema_extra["read_by"]
    assert group.allowed(name)


def test_every_group_is_listed_and_so_documented_and_checked() -> None:
    assert {group for group in Group.__subclasses__() if group.__module__ == Group.__module__} == set(GROUPS)


def test_no_variable_is_in_two_groups() -> None:
    names = [name for _, name in EVERY_VARIABLE]
    assert len(set(names)) == len(names)
