"""Every ``MEDIAINDEX_*`` variable of the package: type, default, range, meaning, and the processes that read it.

A group is read from the environment at each call, never when a module is imported, and validates only its variables:

    RetrySettings.read().backoff_seconds

docs/generate.py makes a page of the documentation from these classes. pydantic-settings reads variables too, but its
import costs each DAG file, task and speech process 75 ms of CPU time, as much as parsing a DAG file; ``read`` below
replaces the part that is needed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from mediaindex.errors import ConfigError

PREFIX = "MEDIAINDEX_"
_SPEECH = "speech processes, command line"

Device = Literal["cpu", "cuda"]
Precision = Literal["int8", "float32"]
DiarizerChoice = Literal["onnx", "pyannote"]
ContainmentChoice = Literal["best", "required", "off"]


def _words(text: Any) -> Any:
    return text.replace(",", " ").split() if isinstance(text, str) else text


def _lower(text: Any) -> Any:
    return text.lower() if isinstance(text, str) else text


FilePath = Annotated[Path, AfterValidator(Path.expanduser)]
HttpUrl = Annotated[str, Field(pattern=r"^https?://[!-~]+$", examples=["http://localhost:9000"])]
Cron = Annotated[str, Field(pattern=r"^(@[a-z]+|[!-~]+( +[!-~]+){4,5})$", examples=["*/5 * * * *", "@hourly"])]
TrustedModel = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+=[0-9a-f]{64}$")]


class Group(BaseModel):
    """Variables that are read together. A variable's name is ``PREFIX`` and the field's name in capitals."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        defer_build=True,  # a DAG file reads two or three of the groups
        hide_input_in_errors=True,
        allow_inf_nan=False,
    )

    @classmethod
    def read(cls, variables: Mapping[str, str] | None = None) -> Self:
        """The group from the environment, or from ``variables``. An empty variable counts as not set.

        Raises ConfigError with the name of each invalid variable, its value unless it is secret, and the valid values.
        """
        environment = os.environ if variables is None else variables
        texts = {name: text for name in cls.model_fields if (text := environment.get(cls.variable(name), "").strip())}
        if not texts:
            return cls.defaults()
        try:
            return cls.model_validate(texts)
        except ValidationError as error:
            invalid = dict.fromkeys(str(part["loc"][0]) for part in error.errors(include_input=False))
            raise ConfigError("; ".join(cls._refusal(name, texts[name]) for name in invalid)) from None

    @classmethod
    def defaults(cls) -> Self:
        """The group without any variable set. It is cheap, because it builds no validator."""
        return cls.model_construct()

    @classmethod
    def variable(cls, name: str) -> str:
        """The name of the variable of this field. Raises KeyError for an unknown field."""
        if name not in cls.model_fields:
            raise KeyError(f"{cls.__name__} has no field {name}")
        return PREFIX + name.upper()

    @classmethod
    def need(cls, name: str, remedy: str) -> str:
        """The value as text, also of a secret. Raises ConfigError, with the sentence ``remedy``, if it is not set."""
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
        """The valid values in words, such as ``a whole number from 1 to 100``."""
        return _allowed(cls.model_json_schema()["properties"][name])

    @classmethod
    def _refusal(cls, name: str, text: str) -> str:
        shown = "not valid (its value is not shown)" if cls.is_secret(name) else repr(text)
        return f"{cls.variable(name)} is {shown}; write {cls.allowed(name)}, or unset it"


def described(default: Any, meaning: str, *, read_by: str, **limits: Any) -> Any:
    """A field with its documentation: its meaning, the processes that read it, pydantic's limits and examples."""
    return Field(default, description=meaning, json_schema_extra={"read_by": read_by}, **limits)


class SourceSettings(Group):
    """Sources of recordings"""

    config: FilePath = described(
        Path("/etc/mediaindex/sources.yaml"),
        "The sources file, which lists where recordings come from.",
        read_by="DAG processor, triggerer, workers, command line",
    )
    event_queues: Annotated[tuple[HttpUrl, ...], BeforeValidator(_words)] = described(
        (), "Addresses of the SQS queues that announce uploads, if the sources file names none.",
        read_by="DAG processor, workers", examples=["http://localhost:9324/000000000000/mediaindex-events"],
    )  # fmt: skip


class ServerSettings(Group):
    """Servers

    Tasks get these addresses from Airflow's connections ``mediaindex_postgres``, ``mediaindex_elasticsearch``,
    ``mediaindex_s3`` and ``mediaindex_sqs``; the command line reads these variables.
    """

    database_url: SecretStr | None = described(
        None, "Address of the catalog in PostgreSQL, with user and password.",
        read_by="command line, installation", examples=["postgresql://user:password@host:5432/mediaindex"],
    )  # fmt: skip
    elasticsearch_url: SecretStr | None = described(
        None, "Address of Elasticsearch 8 or 9, with user and password if it requires them.",
        read_by="command line, installation", examples=["http://localhost:9200"],
    )  # fmt: skip
    elasticsearch_api_key: SecretStr | None = described(
        None, "API key for Elasticsearch, instead of a user and password.", read_by="command line, installation"
    )
    elasticsearch_ca_certs: FilePath | None = described(
        None, "File with the certificates of Elasticsearch's private authority.", read_by="command line, installation"
    )
    elasticsearch_verify_certs: bool = described(
        True, "Whether the certificate of Elasticsearch is verified.", read_by="command line, installation"
    )
    s3_endpoint_url: HttpUrl | None = described(
        None, "Address of an S3 server other than AWS.",
        read_by="command line; tasks and their speech processes, from the connection",
    )  # fmt: skip
    sqs_endpoint_url: HttpUrl | None = described(
        None, "Address of an SQS server other than AWS.", read_by="workers, from the connection"
    )
    s3_session: SecretStr | None = described(
        None,
        "JSON with `profile_name`, `role_arn`, `assume_role_kwargs`, `verify` and `sts_endpoint_url`, for S3.",
        read_by="command line; tasks and their speech processes, from the connection",
    )
    sqs_session: SecretStr | None = described(None, "The same for SQS.", read_by="workers, from the connection")
    airflow_url: HttpUrl | None = described(
        None, "Address of Airflow's web interface, for links in reports; by default `AIRFLOW__API__BASE_URL`.",
        read_by="command line", examples=["https://airflow.example.com"],
    )  # fmt: skip


class StorageSettings(Group):
    """Buckets, indexes and files"""

    media_bucket: str | None = described(
        None, "The bucket for recordings that the installation creates; a source names its own bucket.",
        read_by="installation",
    )  # fmt: skip
    artifacts_bucket: str | None = described(
        None,
        "The bucket for results of stages (artifacts).",
        read_by="workers, DAG processor, command line, installation",
    )
    index_prefix: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=200)] = described(
        "mediaindex", "First part of the names of the indexes in Elasticsearch.", read_by="workers, command line"
    )
    file_mode: Literal["0600", "0640", "0644"] = described(
        "0600", "Mode of files with transcripts and artifacts: `0640` for a group of readers.", read_by=_SPEECH,
    )  # fmt: skip


class ModelSettings(Group):
    """Models"""

    models: FilePath | None = described(
        None, "Folder with models of your own, which is searched before the cache.", read_by=_SPEECH,
    )  # fmt: skip
    cache: FilePath = Field(
        default_factory=lambda: Path("~/.cache/mediaindex").expanduser(),  # not read from HOME at import
        description="Folder for fetched and converted models; if it is deleted, it is filled again. By default "
        "`~/.cache/mediaindex`.",
        json_schema_extra={"read_by": "speech processes, command line"},
    )
    offline: bool = described(
        default=False,
        meaning="Whether fetching models is forbidden, also for `mediaindex models fetch`.",
        read_by=_SPEECH,
    )
    fetch_at_run_time: bool = described(
        default=False, meaning="Whether models that are missing while recordings are processed are fetched, instead of "
        "an error that names the command.", read_by=_SPEECH,
    )  # fmt: skip
    trusted_models: Annotated[tuple[TrustedModel, ...], BeforeValidator(_words)] = described(
        (), "Weights from a hub that are used although the registry has no hash of them, like `models:` in a sources "
        "file: names with sha256.", read_by=_SPEECH, examples=["parakeet-tdt-0.6b-v3=SHA256"],
    )  # fmt: skip


class SpeechSettings(Group):
    """Speech processing"""

    speech_python: FilePath | None = described(
        None, "Python of the speech environment, in which tasks run the speech stages.", read_by="workers"
    )
    speech_slots: int | None = described(
        None,
        "The number of parallel speech processes of backfills, for forecasts; by default the slots of the shipped "
        "Airflow pool. Set it if you changed the pool.",
        read_by="command line",
        ge=1,
    )
    device: Annotated[Device, BeforeValidator(_lower)] | None = described(
        None,
        "The device of the engines; by default the GPU, if the driver reports one and PyTorch supports it.",
        read_by=_SPEECH,
    )
    precision: Annotated[Precision, BeforeValidator(_lower)] = described(
        "int8",
        "The precision of the Conformer on the CPU: int8 for most of its matrix products, or float32 as trained.",
        read_by=_SPEECH,
    )
    recognisers: Annotated[tuple[str, ...], BeforeValidator(_words)] = described(
        # The Conformer for English; Whisper for other languages, and for English if the Conformer is not installed.
        ("stt-en-conformer-ctc-small", "whisper-base"),
        "Models that transcribe, in order of preference, if the sources file names none.",
        read_by=_SPEECH,
        min_length=1,
        examples=["stt-en-conformer-ctc-small, whisper-base"],
    )
    diarizer: Annotated[DiarizerChoice, BeforeValidator(_lower)] | None = described(
        None,
        "The diarizer: `onnx` is mediaindex's own, `pyannote` is the pipeline of pyannote.audio. By default pyannote's "
        "community-1 on a GPU, if its weights are installed, otherwise `onnx`.",
        read_by=_SPEECH,
    )


class DecodingSettings(Group):
    """Decoding of recordings"""

    containment: Annotated[ContainmentChoice, BeforeValidator(_lower)] = described(
        "best", "How ffmpeg is kept apart from network, processes and files: `best` uses what the machine offers, "
        "`required` refuses to decode without user namespaces, `off` runs it as it is.", read_by=_SPEECH,
    )  # fmt: skip
    extra_formats: Annotated[tuple[str, ...], BeforeValidator(_words)] = described(
        (), "Formats that ffmpeg may read besides the usual ones, by the names of `ffmpeg -demuxers`; never playlists.",
        read_by=_SPEECH, examples=["iff, adp"],
    )  # fmt: skip
    decoder_memory_mb: int = described(
        2048, "The most memory that one ffmpeg process may take, in MB; small files get less.",
        read_by=_SPEECH, ge=128, le=65_536,
    )  # fmt: skip


class LanguageModelSettings(Group):
    """Language model of the Conformer

    The defaults suit a small model; pyctcdecode's weight of 0.5 and bonus of 1.5 suit models of large corpora.
    """

    language_model: FilePath | None = described(
        None, "N-gram language model (an ARPA file); without it no language model is used.", read_by=_SPEECH,
    )  # fmt: skip
    language_model_weight: float = described(
        0.3, "Factor of the language model's log probability of a word (alpha).", read_by=_SPEECH, ge=0, le=10,
    )  # fmt: skip
    language_model_bonus: float = described(
        1.0, "Score added per word, because a language model alone prefers few long words (beta).",
        read_by=_SPEECH, ge=-10, le=10,
    )  # fmt: skip
    language_model_beam: int = described(
        16, "The number of hypotheses that are kept in parallel.",  # 100: one word in 1,000 more, three times the cost
        read_by=_SPEECH, ge=1, le=1000,
    )  # fmt: skip


class RetrySettings(Group):
    """Retries

    With the defaults a recording with a transient failure is quarantined after eight attempts in two to three hours,
    each with the retries of its task. This is longer than a restart and than most outages.
    """

    transient_attempts: int = described(
        8, "Attempts in a row after which a recording with a transient failure is quarantined.",
        read_by="workers", ge=1, le=100,
    )  # fmt: skip
    doubtful_attempts: int = described(
        3, "The same for a failure of unknown cause.",
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
        "*/15 * * * *", "When `collect_podcasts` looks for feeds that are due; a source sets how often they are due.",
        read_by="DAG processor",
    )  # fmt: skip
    retention_schedule: Cron = described(
        "17 3 * * *", "When `apply_retention` removes what is older than its source keeps it.", read_by="DAG processor"
    )
    sweep_schedule: Cron = described(
        "*/5 * * * *", "When `sweep_ledger` queues recordings of ended runs again.", read_by="DAG processor"
    )


GROUPS: tuple[type[Group], ...] = (
    SourceSettings, ServerSettings, StorageSettings, ModelSettings, SpeechSettings, DecodingSettings,
    LanguageModelSettings, RetrySettings, ScheduleSettings,
)  # fmt: skip


def problems(variables: Mapping[str, str] | None = None) -> Iterator[str]:
    """Faults of the variables of all groups: one message per group that cannot be read."""
    for group in GROUPS:
        try:
            group.read(variables)
        except ConfigError as error:
            yield error.message


def unknown_variables(variables: Mapping[str, str] | None = None) -> dict[str, str]:
    """Unknown variables that resemble a known one, with the one they resemble.

    Other variables that begin with ``MEDIAINDEX_`` may belong to the scripts around the package.
    """
    import difflib

    known = [name.upper() for group in GROUPS for name in group.model_fields]
    similar: dict[str, str] = {}
    for variable in sorted(os.environ if variables is None else variables):
        name = variable.removeprefix(PREFIX)
        if variable.startswith(PREFIX) and name not in known:
            for match in difflib.get_close_matches(name, known, n=1, cutoff=0.8):
                similar[variable] = PREFIX + match
    return similar


_KINDS: Mapping[str, str] = {"integer": "a whole number", "number": "a number", "boolean": "true or false"}


def _allowed(part: Mapping[str, Any]) -> str:
    """A property of a JSON schema in words."""
    kind = next((option for option in part.get("anyOf", ()) if option["type"] != "null"), part)
    examples = " or ".join(map(str, part.get("examples") or kind.get("examples", ())))
    if "enum" in kind:
        return " or ".join(map(str, kind["enum"]))
    if kind["type"] in _KINDS:
        return _KINDS[kind["type"]] + _range(kind)
    if kind["type"] == "array":
        return f"a list separated by spaces or commas, such as {examples}"
    if kind.get("format") == "path":
        return "a path"
    if examples:
        return f"text such as {examples}"
    return f"text that matches {kind['pattern']}" if "pattern" in kind else "text"


def _range(kind: Mapping[str, Any]) -> str:
    lowest, highest = kind.get("minimum"), kind.get("maximum")
    if lowest is None:
        return ""
    return f" of at least {lowest:g}" if highest is None else f" from {lowest:g} to {highest:g}"
