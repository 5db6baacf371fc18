"""The contract between an orchestrator and the speech environment: job.json in, result.json out, an exit code.

Secrets never stand in either file: credentials reach the child by environment (AWS_ACCESS_KEY_ID, …).
"""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from mediaindex.errors import ErrorCode, FailureClass, MediaindexError

from .states import ItemStatus


class ExitCode(IntEnum):
    """What a speech process says when it ends; anything else is a failure of the program itself."""

    DONE = 0
    BAD_INPUT = 10  # terminal: the job itself can never work (bad job file, missing model)
    NOTHING_TO_DO = 11  # no item of the batch is left for this stage
    TRANSIENT = 75  # try again later (EX_TEMPFAIL)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ObjectSource(_Strict):
    """One version of one object in S3."""

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
    """How to read headerless audio, as ffmpeg names it."""

    # The sample format, like s16le, mulaw or alaw.
    format: Annotated[str, Field(pattern="^[a-z0-9_]+$")] = "s16le"
    # Samples per second.
    sample_rate: Annotated[int, Field(ge=1000, le=768_000)] = 16_000
    # Interleaved channels.
    channels: Annotated[int, Field(ge=1, le=64)] = 1


class Hints(_Strict):
    """What is known of a recording beforehand."""

    raw_format: RawFormat | None = None
    languages: tuple[str, ...] = ()  # allowed ISO 639-1 codes; empty allows all
    speakers: int | None = None
    party_a_channel: bool = False  # each channel carries one party of a call: the channel is the speaker
    vocabulary: tuple[str, ...] = ()  # names and terms that recognition should prefer to what sounds like them


class JobItem(_Strict):
    """One recording of the batch; ``upstream`` maps each stage it has passed to the fingerprint of its artifact.

    For normalize it may name the artifact of an earlier batch: what is left of a recording that is no longer there.
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
    endpoint_url: str | None = None  # None: AWS itself


class FolderStore(_Strict):
    """The same layout in a folder."""

    kind: Literal["folder"] = "folder"
    path: str


class Job(_Strict):
    """One stage over one batch. ``settings`` overrides fields of the stage's settings dataclass.

    ``recognisers``: registry names in order of preference; empty leaves the choice to the machine (see engines.py).
    ``without_first``: why the first of them that is there is not to be asked this time; empty where it is.
    """

    stage: str
    items: tuple[JobItem, ...]
    store: S3Store | FolderStore = Field(discriminator="kind")
    settings: dict[str, Any] = {}
    recognisers: tuple[str, ...] = ()
    without_first: str = ""


class ItemError(_Strict):
    """Why one item did not pass, as the error said that it raised; all three go to the catalog."""

    code: ErrorCode
    message: str
    failure_class: FailureClass

    @classmethod
    def of(cls, error: MediaindexError) -> ItemError:
        """What a result says of this error."""
        return cls(code=error.code, message=error.message, failure_class=error.failure_class)


class Usage(_Strict):
    """What one item cost. ``audio_s`` is the length of its decoded audio."""

    wall_s: float = 0.0
    cpu_s: float = 0.0
    gpu_s: float = 0.0
    peak_mb: float = 0.0
    audio_s: float = 0.0


class ItemResult(_Strict):
    """What became of one item. ``summary`` holds the small numbers that decisions and tables need."""

    id: str
    status: ItemStatus
    audio_sha256: str | None = None
    fingerprint: str | None = None
    engine: str = ""
    summary: dict[str, Any] = {}
    error: ItemError | None = None
    usage: Usage = Usage()


class JobResult(_Strict):
    """What became of the batch; one entry for each item of the job, in the job's order."""

    stage: str
    items: tuple[ItemResult, ...]
