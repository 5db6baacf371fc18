"""Every ``MEDIAINDEX_*`` variable that the package reads: type, default, range, meaning, and who reads it.

A group is read from the environment at each call, never when a module is imported, and checks its own variables only:

    RetrySettings.read().backoff_seconds

What the classes say here is also the documentation: docs/generate.py makes a page of it. pydantic-settings would read
the same variables, but importing it costs each DAG file, task and speech process 75 ms of CPU time, as much as parsing
a whole DAG file; ``read`` below is what we would use of it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from mediaindex.errors import ConfigError

PREFIX = "MEDIAINDEX_"

Device = Literal["cpu", "cuda"]
Precision = Literal["int8", "float32"]
DiarizerChoice = Literal["onnx", "pyannote"]


def _words(text: Any) -> Any:
    return text.replace(",", " ").split() if isinstance(text, str) else text


def _lower(text: Any) -> Any:
    return text.lower() if isinstance(text, str) else text


FilePath = Annotated[Path, AfterValidator(Path.expanduser)]
HttpUrl = Annotated[str, Field(pattern=r"^https?://[!-~]+$", examples=["http://localhost:9000"])]
Cron = Annotated[str, Field(pattern=r"^(@[a-z]+|[!-~]+( +[!-~]+){4,5})$", examples=["*/5 * * * *", "@hourly"])]


class Group(BaseModel):
    """Variables that are read together. ``PREFIX`` and a field's name in capitals make the variable's name."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        defer_build=True,  # a DAG file reads two or three of the groups
        hide_input_in_errors=True,
        allow_inf_nan=False,
    )

    @classmethod
    def read(cls, variables: Mapping[str, str] | None = None) -> Self:
        """The group as the environment (or ``variables``) has it now; an empty variable counts as not set.

        Raises ConfigError that names each variable that is wrong, its value if that is no secret, and what is allowed.
        """
        given = os.environ if variables is None else variables
        found = {name: text for name in cls.model_fields if (text := given.get(cls.variable(name), "").strip())}
        if not found:
            return cls.defaults()
        try:
            return cls.model_validate(found)
        except ValidationError as error:
            wrong = dict.fromkeys(str(part["loc"][0]) for part in error.errors(include_input=False))
            raise ConfigError("; ".join(cls._refusal(name, found[name]) for name in wrong)) from None

    @classmethod
    def defaults(cls) -> Self:
        """The group as it is if no variable is set; costs next to nothing, because it needs no validator."""
        return cls.model_construct()

    @classmethod
    def variable(cls, name: str) -> str:
        """Name of the variable that sets this field; KeyError for an unknown field."""
        if name not in cls.model_fields:
            raise KeyError(f"{cls.__name__} has no field {name}")
        return PREFIX + name.upper()

    @classmethod
    def need(cls, name: str, remedy: str) -> str:
        """The value as text, also of a secret; ConfigError with the sentence ``remedy`` if it is not set."""
        value = getattr(cls.read(), name)
        if value is None:
            raise ConfigError(f"{cls.variable(name)} is not set. {cls.model_fields[name].description} {remedy}")
        return value.get_secret_value() if isinstance(value, SecretStr) else str(value)

    @classmethod
    def is_secret(cls, name: str) -> bool:
        """Whether the value must not be shown."""
        return "SecretStr" in str(cls.model_fields[name].annotation)

    @classmethod
    def allowed(cls, name: str) -> str:
        """What may be written there, in words: ``a whole number from 1 to 100``."""
        return _allowed(cls.model_json_schema()["properties"][name])

    @classmethod
    def _refusal(cls, name: str, text: str) -> str:
        shown = "not valid (its value is not shown)" if cls.is_secret(name) else repr(text)
        return f"{cls.variable(name)} is {shown}; write {cls.allowed(name)}, or unset it"


def described(default: Any, meaning: str, *, read_by: str, **limits: Any) -> Any:
    """A field with its documentation: its meaning, who reads it, and limits and examples as pydantic has them."""
    return Field(default, description=meaning, json_schema_extra={"read_by": read_by}, **limits)


class SourceSettings(Group):
    """Sources of recordings"""

    config: FilePath = described(
        Path("/etc/mediaindex/sources.yaml"),
        "The sources file, which lists where recordings come from.",
        read_by="DAG processor, triggerer, workers, command line",
    )
    event_queues: Annotated[tuple[HttpUrl, ...], BeforeValidator(_words)] = described(
        (),
        "Addresses of the SQS queues that announce uploads, if the sources file names none.",
        read_by="DAG processor, workers",
        examples=["http://localhost:9324/000000000000/mediaindex-events"],
    )


class ServerSettings(Group):
    """Servers

    Tasks get these addresses from Airflow's connections ``mediaindex_postgres``, ``mediaindex_elasticsearch``,
    ``mediaindex_s3`` and ``mediaindex_sqs``; the command line gets them from here.
    """

    database_url: SecretStr | None = described(
        None,
        "Address of the catalog in PostgreSQL, with user and password.",
        read_by="command line, installation",
        examples=["postgresql://user:password@host:5432/mediaindex"],
    )
    elasticsearch_url: SecretStr | None = described(
        None,
        "Address of Elasticsearch 8 or 9, with user and password if it asks for them.",
        read_by="command line, installation",
        examples=["http://localhost:9200"],
    )
    elasticsearch_api_key: SecretStr | None = described(
        None, "API key for Elasticsearch, instead of a user and password.", read_by="command line, installation"
    )
    s3_endpoint_url: HttpUrl | None = described(
        None,
        "Address of an S3 server other than AWS.",
        read_by="command line; tasks and their speech processes, from the connection",
    )
    sqs_endpoint_url: HttpUrl | None = described(
        None, "Address of an SQS server other than AWS.", read_by="workers, from the connection"
    )
    airflow_url: HttpUrl | None = described(
        None,
        "Address of Airflow's web interface, for links in reports; by default `AIRFLOW__API__BASE_URL`.",
        read_by="command line",
        examples=["https://airflow.example.com"],
    )


class StorageSettings(Group):
    """Buckets and indexes"""

    media_bucket: str | None = described(
        None,
        "The bucket for recordings that the installation creates; a source names its own bucket.",
        read_by="installation",
    )
    artifacts_bucket: str | None = described(
        None, "The bucket for what the stages produce (artifacts).", read_by="workers, command line, installation"
    )
    index_prefix: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=200)] = described(
        "mediaindex", "First part of the names of the indexes in Elasticsearch.", read_by="workers, command line"
    )


class ModelSettings(Group):
    """Models"""

    models: FilePath | None = described(
        None,
        "Folder with models of your own, which is searched before the cache.",
        read_by="speech processes, command line",
    )
    cache: FilePath = Field(
        default_factory=lambda: Path("~/.cache/mediaindex").expanduser(),  # not read from HOME at import
        description="Folder for fetched and converted models; it may be deleted, and is filled again. By default "
        "`~/.cache/mediaindex`.",
        json_schema_extra={"read_by": "speech processes, command line"},
    )
    offline: bool = described(
        default=False,
        meaning="Whether fetching models is forbidden; what is missing is then an error.",
        read_by="speech processes, command line",
    )


class SpeechSettings(Group):
    """Speech processing"""

    speech_python: FilePath | None = described(
        None, "Python of the speech environment, in which tasks run the speech stages.", read_by="workers"
    )
    speech_slots: int | None = described(
        None,
        "How many backfill speech processes run at the same time, for forecasts; by default the slots of the Airflow "
        "pool as shipped. Set it if you changed the pool.",
        read_by="command line",
        ge=1,
    )
    device: Annotated[Device, BeforeValidator(_lower)] | None = described(
        None,
        "Where the engines compute; by default on the GPU if the driver shows one and PyTorch supports it.",
        read_by="speech processes, command line",
    )
    precision: Annotated[Precision, BeforeValidator(_lower)] = described(
        "int8",
        "Numbers in which the Conformer computes on the CPU: most of its products as int8, or all as trained.",
        read_by="speech processes, command line",
    )
    recognisers: Annotated[tuple[str, ...], BeforeValidator(_words)] = described(
        # English goes to the Conformer; the rest to Whisper, and English too if the Conformer's weights are missing.
        ("stt-en-conformer-ctc-small", "whisper-base"),
        "Models that transcribe, in order of preference, if the sources file names none.",
        read_by="speech processes, command line",
        min_length=1,
        examples=["stt-en-conformer-ctc-small, whisper-base"],
    )
    diarizer: Annotated[DiarizerChoice, BeforeValidator(_lower)] | None = described(
        None,
        "What tells speakers apart: `onnx` is our own, `pyannote` is the pipeline of pyannote.audio. By default "
        "pyannote's community-1 on a GPU if its weights are installed, otherwise `onnx`.",
        read_by="speech processes, command line",
    )


class LanguageModelSettings(Group):
    """Language model of the Conformer

    The defaults suit a modest model; pyctcdecode's weight of 0.5 and bonus of 1.5 suit models of large corpora.
    """

    language_model: FilePath | None = described(
        None, "N-gram language model (an ARPA file); without it no language model is used.",
        read_by="speech processes, command line",
    )  # fmt: skip
    language_model_weight: float = described(
        0.3,
        "Factor of the log probability that the language model gives a word (alpha).",
        read_by="speech processes, command line",
        ge=0,
        le=10,
    )
    language_model_bonus: float = described(
        1.0,
        "Added for each word, because a language model alone prefers few long words (beta).",
        read_by="speech processes, command line",
        ge=-10,
        le=10,
    )
    language_model_beam: int = described(
        16,  # 100 gave one word in a thousand more, at three times the cost
        "How many readings are followed at the same time.",
        read_by="speech processes, command line",
        ge=1,
        le=1000,
    )


class RetrySettings(Group):
    """Retries

    With the defaults a transient failure is given up after eight attempts in two to three hours, each of which has its
    task's own retries: longer than a restart, or than an outage that somebody is repairing.
    """

    transient_attempts: int = described(
        8, "Attempts in a row after which a recording with a transient failure is quarantined.",
        read_by="workers", ge=1, le=100,
    )  # fmt: skip
    doubtful_attempts: int = described(
        3, "The same for a failure of which nobody knows whether the recording caused it.",
        read_by="workers", ge=1, le=100,
    )  # fmt: skip
    backoff_seconds: float = described(
        120.0, "Seconds until a failed recording is tried again; they double with each attempt.",
        read_by="workers", ge=0, le=604_800,
    )  # fmt: skip
    backoff_longest_seconds: float = described(
        3600.0, "The longest wait between two attempts, in seconds.",
        read_by="workers", ge=0, le=604_800,
    )  # fmt: skip
    retry_seconds: float = described(
        30.0, "Seconds until Airflow retries a failed task; they double with each retry, up to 15 minutes.",
        read_by="DAG processor", ge=0, le=86_400,
    )  # fmt: skip


class ScheduleSettings(Group):
    """Schedules of DAGs"""

    outbox_schedule: Cron = described(
        "*/2 * * * *", "When `publish_outbox` brings Elasticsearch up to date.", read_by="DAG processor"
    )
    podcast_schedule: Cron = described(
        "*/15 * * * *",
        "When `collect_podcasts` looks for feeds that are due; the source says how often a feed is due.",
        read_by="DAG processor",
    )
    retention_schedule: Cron = described(
        "17 3 * * *", "When `apply_retention` removes what is older than its source keeps it.", read_by="DAG processor"
    )
    sweep_schedule: Cron = described(
        "*/5 * * * *", "When `sweep_ledger` resumes what dead runs left.", read_by="DAG processor"
    )


GROUPS: tuple[type[Group], ...] = (
    SourceSettings,
    ServerSettings,
    StorageSettings,
    ModelSettings,
    SpeechSettings,
    LanguageModelSettings,
    RetrySettings,
    ScheduleSettings,
)


def problems(variables: Mapping[str, str] | None = None) -> Iterator[str]:
    """What is wrong with the variables of all groups: one message per group that cannot be read."""
    for group in GROUPS:
        try:
            group.read(variables)
        except ConfigError as error:
            yield error.message


def unknown_variables(variables: Mapping[str, str] | None = None) -> dict[str, str]:
    """Variables that resemble one of ours but are none of ours, each with the one it resembles.

    Others that begin with ``MEDIAINDEX_`` may belong to the scripts around the package.
    """
    import difflib

    known = [name.upper() for group in GROUPS for name in group.model_fields]
    found: dict[str, str] = {}
    for given in sorted(os.environ if variables is None else variables):
        ending = given.removeprefix(PREFIX)
        if given.startswith(PREFIX) and ending not in known:
            for near in difflib.get_close_matches(ending, known, n=1, cutoff=0.8):
                found[given] = PREFIX + near
    return found


_KINDS: Mapping[str, str] = {"integer": "a whole number", "number": "a number", "boolean": "true or false"}


def _allowed(part: Mapping[str, Any]) -> str:
    """A property of a JSON schema in words."""
    kind = next((one for one in part.get("anyOf", ()) if one["type"] != "null"), part)
    examples = " or ".join(map(str, part.get("examples") or kind.get("examples", ())))
    if "enum" in kind:
        return " or ".join(map(str, kind["enum"]))
    if kind["type"] in _KINDS:
        return _KINDS[kind["type"]] + _range(kind)
    if kind["type"] == "array":
        return f"a list separated by spaces or commas, like {examples}"
    if kind.get("format") == "path":
        return "a path"
    if examples:
        return f"text like {examples}"
    return f"text that matches {kind['pattern']}" if "pattern" in kind else "text"


def _range(kind: Mapping[str, Any]) -> str:
    lowest, highest = kind.get("minimum"), kind.get("maximum")
    if lowest is None:
        return ""
    return f" of at least {lowest:g}" if highest is None else f" from {lowest:g} to {highest:g}"
