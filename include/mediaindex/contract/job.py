"""The contract between an orchestrator and the speech process: job.json in, result.json out, an exit code.

Neither file contains secrets: credentials reach the process in environment variables such as AWS_ACCESS_KEY_ID.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from mediaindex.errors import ErrorCode, FailureClass, MediaindexError

from .models import OwnModel
from .settings import TrackPolicy
from .states import ItemStatus


class ExitCode(IntEnum):
    """Exit codes of a speech process; any other code is a failure of the program itself."""

    DONE = 0
    BAD_INPUT = 10  # terminal: the job can never succeed (invalid job file, missing model)
    NOTHING_TO_DO = 11  # the batch has no item left for this stage
    TRANSIENT = 75  # try again later (EX_TEMPFAIL)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ObjectSource(_Strict):
    """A version of an object in S3."""

    kind: Literal["s3"] = "s3"
    bucket: str
    key: str
    etag: str
    version_id: str | None = None
    size: int


class FileSource(_Strict):
    """A file on this machine."""

    kind: Literal["file"] = "file"
    path: str


class RawFormat(_Strict):
    """The format of headerless audio, in ffmpeg's names."""

    # The sample format, for example s16le, mulaw or alaw.
    format: Annotated[str, Field(pattern="^[a-z0-9_]+$")] = "s16le"
    # Samples per second.
    sample_rate: Annotated[int, Field(ge=1000, le=768_000)] = 16_000
    # Interleaved channels.
    channels: Annotated[int, Field(ge=1, le=64)] = 1


class Hints(_Strict):
    """What is known about a recording before it is processed."""

    raw_format: RawFormat | None = None
    languages: tuple[str, ...] = ()  # allowed ISO 639-1 codes; empty allows all
    speakers: int | None = None
    party_a_channel: bool = False  # one speaker per channel: the channel is the speaker
    tracks: TrackPolicy | None = None  # of files with several audio tracks; None: as the settings of normalize say
    vocabulary: tuple[str, ...] = ()  # names and terms to prefer over words that sound alike


class JobItem(_Strict):
    """A recording of the batch. ``upstream`` maps each completed stage to the fingerprint of its artifact.

    For normalize it may name an artifact of an earlier batch, for a recording that its source no longer has.
    """

    id: str
    name: str
    source: ObjectSource | FileSource = Field(discriminator="kind")
    hints: Hints = Hints()
    audio_sha256: str | None = None  # known once normalize has run
    upstream: dict[str, str] = {}


class S3Store(_Strict):
    """Artifacts in S3, under ``prefix/{audio_sha256}/{stage}/{fingerprint}``."""

    kind: Literal["s3"] = "s3"
    bucket: str
    prefix: str = "artifacts"
    endpoint_url: str | None = None  # None: AWS


class FolderStore(_Strict):
    """The same layout in a folder."""

    kind: Literal["folder"] = "folder"
    path: str


class Job(_Strict):
    """One stage for one batch. ``settings`` overrides fields of the stage's settings dataclass.

    ``recognisers``: registry names in order of preference; if empty, the machine decides (see ``runner.engines``).
    ``without_first``: why the first available recogniser is not used in this job; empty if it is. ``models``: those of
    the sources file, in addition to the registry.
    """

    stage: str
    items: tuple[JobItem, ...]
    store: S3Store | FolderStore = Field(discriminator="kind")
    settings: dict[str, Any] = {}
    recognisers: tuple[str, ...] = ()
    without_first: str = ""
    models: tuple[OwnModel, ...] = ()


class ItemError(_Strict):
    """Why an item failed: the fields of the error that was raised. All three are stored in the catalog."""

    code: ErrorCode
    message: str
    failure_class: FailureClass

    @classmethod
    def of(cls, error: MediaindexError) -> ItemError:
        """The item error for an exception."""
        return cls(code=error.code, message=error.message, failure_class=error.failure_class)


class Usage(_Strict):
    """The cost of one item. ``audio_s`` is the duration of its decoded audio in seconds."""

    wall_s: float = 0.0
    cpu_s: float = 0.0
    gpu_s: float = 0.0
    peak_mb: float = 0.0
    audio_s: float = 0.0


class ItemResult(_Strict):
    """The outcome of one item. ``summary`` holds the few values that decisions and tables need."""

    id: str
    status: ItemStatus
    audio_sha256: str | None = None
    fingerprint: str | None = None
    engine: str = ""
    summary: dict[str, Any] = {}
    error: ItemError | None = None
    usage: Usage = Usage()


class JobResult(_Strict):
    """The outcome of a batch: one entry per item of the job, in the job's order."""

    stage: str
    items: tuple[ItemResult, ...]
